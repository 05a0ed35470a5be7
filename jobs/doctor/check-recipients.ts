import type { Ctx } from "@/lib/db/context";
import { readRecipients } from "@/lib/recipients";
import type { RecipientView } from "@/lib/recipients/schemas";
import { type Finding, ok, warn } from "./finding";

const WORDS: Record<Exclude<RecipientView["state"], "proven">, string> = {
  never: "nobody has shown that its private key opens a backup",
  asked: "a test object waits for its word",
  old: "it is more than 180 days since its private key was shown to open anything",
};

/** Whether the holder of each recipient's private key has shown that it opens what is encrypted to it. */
export async function checkRecipients(ctx: Ctx): Promise<Finding[]> {
  return (await readRecipients(ctx)).map(({ recipient, state, provenAt }) => {
    const name = `recipient ${recipient.slice(0, 12)}…`;
    if (state === "proven") return ok(name, `proven at ${provenAt ?? ""}`);
    return warn(
      name,
      WORDS[state],
      `holdfast recipient ask ${recipient}, open the object with the private key, then holdfast recipient prove`,
    );
  });
}
