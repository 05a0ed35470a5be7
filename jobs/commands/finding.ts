import type { Command } from "commander";
import { assignFinding, closeFinding, listFindings, openFinding } from "@/lib/verification";
import type { FindingView } from "@/lib/verification/schemas";
import { type Answer, answerWith, table } from "./answer";

interface OpenOptions {
  title: string;
  detail?: string;
  owner?: string;
  due?: string;
}

export function addFindingCommands(program: Command): void {
  const finding = program
    .command("finding")
    .description("what verifications found, with owner and due date until closed");
  finding
    .command("list")
    .description("open findings, newest first")
    .option("--system <name>")
    .option("--closed", "those that were closed")
    .action((options: { system?: string; closed?: boolean }, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const page = await listFindings(ctx, {
          ...(options.system ? { system: options.system } : {}),
          state: options.closed ? "closed" : "open",
          limit: 200,
        });
        return { json: page, text: table([HEAD, ...page.findings.map(rowOf)]) };
      }),
    );
  addOpen(finding);
  addChanges(finding);
}

function addOpen(finding: Command): void {
  finding
    .command("open")
    .description("record something that a person found")
    .argument("<system>")
    .requiredOption("--title <text>")
    .option("--detail <text>")
    .option("--owner <who>", "the system's owner unless told")
    .option("--due <time>", "RFC 3339")
    .action((system: string, options: OpenOptions, command: Command) =>
      answerWith(command, async ({ ctx }) =>
        describe(
          await openFinding(ctx, {
            system,
            title: options.title,
            ...(options.detail ? { detail: options.detail } : {}),
            ...(options.owner ? { owner: options.owner } : {}),
            ...(options.due ? { dueAt: options.due } : {}),
          }),
        ),
      ),
    );
}

function addChanges(finding: Command): void {
  finding
    .command("assign")
    .description("give it another owner or due date")
    .argument("<id>")
    .option("--owner <who>")
    .option("--due <time>", "RFC 3339")
    .action((id: string, options: { owner?: string; due?: string }, command: Command) =>
      answerWith(command, async ({ ctx }) =>
        describe(
          await assignFinding(ctx, {
            id,
            ...(options.owner ? { owner: options.owner } : {}),
            ...(options.due ? { dueAt: options.due } : {}),
          }),
        ),
      ),
    );
  finding
    .command("close")
    .description("close it, with what was done about it")
    .argument("<id>")
    .requiredOption("--note <text>")
    .action((id: string, options: { note: string }, command: Command) =>
      answerWith(command, async ({ ctx }) => describe(await closeFinding(ctx, { id, note: options.note }))),
    );
}

const HEAD = ["DUE", "SYSTEM", "OWNER", "FOUND", "TIMES", "ID"];

function rowOf(each: FindingView): string[] {
  const due = each.isOverdue ? `${each.dueAt} overdue` : each.dueAt;
  return [due, each.system ?? "the verifier", each.owner, each.title, String(each.times), each.id];
}

function describe(finding: FindingView): Answer {
  const end = finding.closedAt ? `closed: ${finding.note ?? ""}` : `${finding.owner}, due ${finding.dueAt}`;
  return { json: { finding }, text: [`${finding.title}: ${finding.detail}`, end, finding.id] };
}
