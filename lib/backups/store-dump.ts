import type { Readable } from "node:stream";
import { formatBytes } from "@/lib/kernel/format";
import { CancelledError, EngineError, RefusedError } from "@/lib/kernel/errors";
import type { PipedBytes } from "@/lib/engines/envelope/port";
import type { StepCtx, StepOutcome } from "@/lib/runs";
import { beginBackup } from "./begin-backup";
import { cutOf } from "./cut-of";
import { failBackup } from "./end-backup";
import type { FullBackup } from "./full-backup";
import { keepPart } from "./keep-part";
import { logNumber } from "./log-position";
import type { ManifestPart } from "./manifest";
import { readExpectedBytes } from "./read-expected-bytes";

/** Begins the backup and stores users, roles and grants. */
export async function storeUsers(ctx: StepCtx, shared: FullBackup): Promise<StepOutcome> {
  shared.backup = await beginBackup(ctx, {
    systemId: shared.systemId,
    runId: shared.run.id,
    type: "full",
    method: "logical",
    cutId: cutOf(shared.run),
    repositories: shared.repositories,
    failures: shared.failures,
  });
  shared.parts = [];
  await storeStream(ctx, shared, { name: "users", ...shared.engine.dumpUsers(ctx.signal) });
  return { summary: "users, roles and grants stored" };
}

/** Dumps once; once again when the schema changed or a non-transactional row was written meanwhile; then gives up. */
export async function storeData(ctx: StepCtx, shared: FullBackup): Promise<StepOutcome> {
  for (let attempt = 1; ; attempt += 1) {
    const { part, disturbances } = await dumpOnce(ctx, shared);
    const [first] = disturbances;
    if (!first) {
      const rows = shared.dump?.tables.reduce((sum, table) => sum + table.rows, 0) ?? 0;
      return {
        summary: `${shared.dump?.tables.length ?? 0} tables, ${rows} rows, ${formatBytes(part.plain.sizeBytes)} stored as ${formatBytes(part.sealed.sizeBytes)}`,
        position: shared.dump?.position,
      };
    }
    const what =
      first.kind === "schema-changed" ? "the schema was changed" : "a row of a non-transactional table was written";
    if (attempt === 2) {
      throw new RefusedError(`${what} during the dump, twice (transaction ${first.gtid})`, {
        hint: "Take the backup when no migration runs, or move the table to InnoDB: its log could not be replayed on this dump.",
      });
    }
    ctx.run.say(`${what} during the dump (transaction ${first.gtid}): dumping once again`, "warning");
    await failBackup(ctx, { id: shared.run.id, system: shared.system }, `${what} during the dump`);
    await storeUsers(ctx, shared);
  }
}

async function dumpOnce(ctx: StepCtx, shared: FullBackup) {
  // Asked anew right before the dump: a schema that was made since would be in the log and not in the dump.
  const facts = await shared.engine.inspect(ctx.signal);
  shared.facts = facts;
  const total = await readExpectedBytes(ctx, { systemId: shared.systemId, type: "full", method: "logical" });
  const dump = shared.engine.dump(
    {
      schemas: facts.schemas,
      leaveOut: shared.hazards.filter((hazard) => hazard.id === "broken-view").map((hazard) => hazard.object),
    },
    {
      signal: ctx.signal,
      onProgress: (done) => ctx.run.progress({ done, total, unit: "bytes", isTotalExpected: true }),
    },
  );
  const { part, facts: dumped } = await storeStream(ctx, shared, { name: "data", ...dump });
  const { position, endPosition } = (shared.dump = dumped);
  const since = await shared.engine.findDisturbances(facts.position, endPosition, ctx.signal);
  // What was written before the snapshot is in the dump; a schema made since it was listed is not.
  const disturbances = since.filter((each) => each.kind === "schema-changed" || !isBefore(each, position));
  return { part, disturbances };
}

/** What a program writes, stored; and what it says when it ended well. */
export async function storeStream<Facts>(
  ctx: StepCtx,
  shared: FullBackup,
  input: {
    name: ManifestPart["name"];
    file?: string;
    output: Readable;
    piped?(): PipedBytes;
    done: Promise<Facts>;
  },
): Promise<{ part: ManifestPart; facts: Facts }> {
  const bytes = input.piped?.() ?? input.output;
  const [stored, dumped] = await Promise.allSettled([
    keepPart(ctx, shared, { name: input.name, file: input.file, bytes }),
    input.done,
  ]);
  // The dump's own error is the cause; a store's error ends the dump as a consequence.
  if (stored.status === "rejected")
    throw dumped.status === "rejected" ? causeOf(stored.reason, dumped.reason) : stored.reason;
  if (dumped.status === "rejected") throw dumped.reason;
  return { part: stored.value, facts: dumped.value };
}

function isBefore(one: { file: string; offset: number }, other: { file: string; offset: number }): boolean {
  return one.file === other.file ? one.offset < other.offset : logNumber(one.file) < logNumber(other.file);
}

/** When the stores failed on their own account, the dump only lost its reader. */
function causeOf(stored: unknown, dumped: unknown): unknown {
  const isStoresOwn = stored instanceof EngineError && stored.engine !== "mariadb" && stored.engine !== "envelope";
  return isStoresOwn || dumped instanceof CancelledError ? stored : dumped;
}
