import { z } from "zod";

export const RecipientInput = z.strictObject({ recipient: z.string().min(1) });
export type RecipientInput = z.input<typeof RecipientInput>;

export const ProveRecipientInput = z.strictObject({ recipient: z.string().min(1), word: z.string().min(1) });
export type ProveRecipientInput = z.input<typeof ProveRecipientInput>;

/** `proven`: within the last 180 days. `old`: before. `asked`: a test object waits for its word. `never`: nothing is known. */
export const PROOF_STATES = ["proven", "old", "asked", "never"] as const;

export const RecipientView = z.object({
  recipient: z.string(),
  state: z.enum(PROOF_STATES),
  askedAt: z.string().nullable(),
  provenAt: z.string().nullable(),
  provenBy: z.string().nullable(),
});
export type RecipientView = z.infer<typeof RecipientView>;
