import { z } from "zod";
import { VERIFICATION_LEVELS } from "@/lib/backups/schemas";

export const StartVerificationInput = z
  .strictObject({
    /** The system whose newest backup is verified, unless `backup` names one. */
    system: z.string().min(1).optional(),
    backup: z.uuid().optional(),
    /** `application` is a level of the backups' vocabulary that no verification reaches yet. */
    level: z.enum(VERIFICATION_LEVELS).exclude(["application"]).default("restore"),
    from: z.string().optional(),
  })
  .refine((input) => Boolean(input.system) !== Boolean(input.backup), "expected a system or a backup");
export type StartVerificationInput = z.input<typeof StartVerificationInput>;
