import type { Command } from "commander";
import { readEnvironment } from "@/lib/kernel/env";
import { askRecipient, listRecipients, proveRecipient } from "@/lib/recipients";
import { openEngines } from "../open-engines";
import { answerWith, table } from "./answer";

const TIMEOUT_MS = 60_000;

export function addRecipientCommands(program: Command): void {
  const recipient = program.command("recipient").description("who can open the backups, and whether that was shown");
  recipient.command("list").action((_: unknown, command: Command) =>
    answerWith(command, async ({ ctx }) => {
      const recipients = await listRecipients(ctx);
      return {
        json: { recipients },
        text: table([
          ["RECIPIENT", "STATE", "PROVEN"],
          ...recipients.map((each) => [each.recipient, each.state, each.provenAt ?? "–"]),
        ]),
      };
    }),
  );
  recipient
    .command("ask")
    .description("make a test object that only its private key opens")
    .argument("<recipient>")
    .action((name: string, _: unknown, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const engines = await openEngines(ctx.db, readEnvironment().home);
        const asked = await askRecipient(
          ctx,
          { recipient: name },
          { engines, signal: AbortSignal.timeout(TIMEOUT_MS) },
        );
        return {
          json: asked,
          text: [
            `The test object is ${asked.key} in ${asked.repositories.join(" and ")}.`,
            `Its holder opens it, away from this machine: ${asked.command}`,
            `Then tell the word: holdfast recipient prove ${name} --word WORD`,
          ],
        };
      }),
    );
  recipient
    .command("prove")
    .description("tell the word that stands in the test object")
    .argument("<recipient>")
    .requiredOption("--word <word>", "what stands in it")
    .action((name: string, { word }: { word: string }, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const proven = await proveRecipient(ctx, { recipient: name, word });
        return { json: proven, text: [`proven at ${proven.provenAt}`] };
      }),
    );
}
