import type { Command } from "commander";
import { listOrphans, listRepositoryDetails, startCheck, startRepair } from "@/lib/copies";
import type { Holdings, RepositoryDetail } from "@/lib/copies/schemas";
import { PreconditionError, ValidationError } from "@/lib/kernel/errors";
import { formatAge, formatBytes, formatCountOf } from "@/lib/kernel/format";
import type { Ctx } from "@/lib/db/context";
import { type Answer, answerAlone, answerWith, table } from "./answer";
import { openOfflineStore } from "./offline-repository";
import { untilAsked } from "../until-asked";
import { answerRun } from "./wait-for-run";

export function addRepositoryCommands(program: Command): void {
  const repository = program.command("repository").description("the places where backups lie");
  repository
    .command("list")
    .description("each with its lock, its copies and how far it lags behind, and the 3-2-1-1-0 rule")
    .action((_: unknown, command: Command) => answerWith(command, async ({ ctx }) => describeAll(ctx)));
  repository
    .command("check")
    .description("look at every copy and log that the catalogue expects there")
    .argument("<name>")
    .option("--read", "read all stored bytes and compare digests, not a random share")
    .option("--wait", "follow it to its end")
    .action((name: string, options: { read?: boolean; wait?: boolean }, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const { runId } = await startCheck(ctx, { repository: name, read: options.read ? "all" : "share" });
        return withLosses(await answerRun(ctx, runId, { wait: options.wait, describe: (run) => run.result ?? {} }));
      }),
    );
  repository
    .command("repair")
    .description("bring back what is missing or damaged there, and what it never got, from the others")
    .argument("<name>")
    .option("--wait", "follow it to its end")
    .action((name: string, options: { wait?: boolean }, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const { runId } = await startRepair(ctx, { repository: name });
        return answerRun(ctx, runId, { wait: options.wait, describe: (run) => run.result ?? {} });
      }),
    );
  repository
    .command("reveal")
    .description("needs no console: show again what was deleted there and whose bytes a lock or the versioning kept")
    .argument(
      "<place>",
      "s3://BUCKET/PREFIX?endpoint=URL&region=R (keys from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)",
    )
    .option("--since <time>", "only what was deleted at or after it, such as 2026-11-23T02:00:00Z")
    .action((place: string, options: { since?: string }, command: Command) =>
      answerAlone(command, () => reveal(place, options.since)),
    );
  repository
    .command("orphans")
    .description("objects that belong to nothing in the catalogue, as the newest check saw them")
    .argument("<name>")
    .option("--after <key>", "those behind this one")
    .action((name: string, options: { after?: string }, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const page = await listOrphans(ctx, { repository: name, ...(options.after ? { cursor: options.after } : {}) });
        return {
          json: page,
          text: table([
            ["STORED", "SIZE", "KEY", "WHY"],
            ...page.orphans.map((each) => [each.modifiedAt, formatBytes(each.sizeBytes), each.key, each.reason]),
          ]),
        };
      }),
    );
}

async function reveal(place: string, sinceText: string | undefined): Promise<Answer> {
  const since = sinceText === undefined ? new Date(0) : new Date(sinceText);
  if (Number.isNaN(since.getTime())) {
    throw new ValidationError([{ path: "since", message: "expected a time such as 2026-11-23T02:00:00Z" }]);
  }
  const store = openOfflineStore(place);
  if (!store.reveal) {
    throw new PreconditionError(`what is deleted in ${store.location} leaves nothing behind`, {
      hint: "Use another repository, or a snapshot of the file system below it.",
    });
  }
  const interrupted = new AbortController();
  void untilAsked().then(() => interrupted.abort());
  const objects = await store.reveal("", { since, signal: interrupted.signal });
  return { json: { objects }, text: [`${formatCountOf(objects, "object")} of ${store.location} can be seen again`] };
}

/** A check that ended well, and found losses, is no success for a script: exit code 1. */
function withLosses(answer: Answer): Answer {
  const { backups, logs } = answer.json as Partial<Holdings>;
  const lost = [backups, logs].reduce((sum, each) => sum + (each ? each.missing + each.damaged : 0), 0);
  if (lost === 0) return answer;
  return { ...answer, text: [...answer.text, `${lost} missing or damaged`], exitCode: answer.exitCode || 1 };
}

async function describeAll(ctx: Ctx): Promise<Answer> {
  const view = await listRepositoryDetails(ctx);
  const now = ctx.now().getTime();
  const ago = (at: string | null) => (at === null ? "never" : formatAge(now - Date.parse(at)));
  return {
    json: view,
    text: [
      ...table([
        ["NAME", "LOCATION", "LOCK", "CHECKED", "BACKUPS", "LOGS", "ORPHANS", "LAG"],
        ...view.repositories.map((each) => [
          each.name,
          each.location,
          describeLock(each),
          ago(each.examinedAt),
          describeCounts(each.backups),
          describeCounts(each.logs),
          String(each.orphans),
          each.lagSeconds === null ? "?" : formatAge(each.lagSeconds * 1_000),
        ]),
      ]),
      "",
      ...table(view.score.map((line) => [line.state, line.title, line.reason])),
    ],
  };
}

function describeLock({ lock }: RepositoryDetail): string {
  if (!lock.declared) return "none";
  return `${lock.declared.mode} ${lock.declared.days}d ${lock.state ?? "not tried"}`;
}

function describeCounts({ present, missing, damaged }: Holdings["backups"]): string {
  const parts = [`${present} present`, missing && `${missing} missing`, damaged && `${damaged} damaged`];
  return parts.filter(Boolean).join(", ");
}
