import type { LsnRange, PhysicalParent, PhysicalLink } from "../../port";
import { physicalFailure } from "./physical-failure";
import type { SourceState } from "./read-source";
import { describeMisfit, isToolFit } from "./tool-version";

/*
 * MariaDB's tool believes whatever LSN it is told, and prepares increments that lack pages with "completed OK!": whether
 * a chain is one is checked here, before each backup, after it and before each step of a restore.
 */

const FULL = "Take a full backup: the increments after it will be of one chain again.";

/** Before an increment. @throws EngineError where the server's files cannot be what the parent's were */
export function assertContinues(
  operation: string,
  source: SourceState,
  { parent, tool }: { parent: PhysicalParent; tool: string },
): void {
  if (source.lineage !== parent.lineage) {
    throw physicalFailure(
      operation,
      "the server's files are not those of the backup before: they were put there anew",
      {
        hint: FULL,
      },
    );
  }
  if (source.current < BigInt(parent.lsn.last)) {
    throw physicalFailure(
      operation,
      `the server is at LSN ${source.current}, and the backup before reached ${parent.lsn.last}: it went back`,
      { hint: FULL },
    );
  }
  if (isToolFit(tool, parent.toolVersion)) return;
  const { message, hint } = describeMisfit(tool, parent.toolVersion);
  throw physicalFailure(operation, message, { hint });
}

/** After a backup: its own LSNs. @throws EngineError */
export function assertRange(operation: string, lsn: LsnRange, expected: { from: string }): void {
  const [from, to, last] = [BigInt(lsn.from), BigInt(lsn.to), BigInt(lsn.last)];
  if (lsn.from === expected.from && from <= to && to <= last) return;
  throw physicalFailure(
    operation,
    `the backup goes from LSN ${lsn.from} to ${lsn.to}, its log to ${lsn.last}, where it had to begin at ${expected.from}`,
    { hint: FULL },
  );
}

/** After a backup: the redo log that was read must be the one of the server that was asked. @throws EngineError */
export function assertSameServer(operation: string, lsn: LsnRange, seen: { before: bigint; after: bigint }): void {
  const to = BigInt(lsn.to);
  if (seen.before <= to && to <= seen.after) return;
  throw physicalFailure(
    operation,
    `the files on this machine are at LSN ${lsn.to}, and the server was between ${seen.before} and ${seen.after} meanwhile: they are another server's`,
    { hint: "Run the backup on the database's own host: give the system's runner its label." },
  );
}

/** Before a backup is applied on what was before it; null: it is the first. @throws EngineError */
export function assertFollows(operation: string, link: PhysicalLink, before: PhysicalLink | null): void {
  const hint = "A chain is a full and each increment since, in order, none left out.";
  if (before === null) {
    if (link.lsn.from === "0") return;
    throw physicalFailure(operation, `the chain begins with an increment from LSN ${link.lsn.from}`, { hint });
  }
  if (link.lineage !== before.lineage) {
    throw physicalFailure(operation, "an increment of other files than the chain's", { hint });
  }
  if (link.lsn.from === before.lsn.to) return;
  throw physicalFailure(
    operation,
    `an increment from LSN ${link.lsn.from} does not follow a backup up to LSN ${before.lsn.to}`,
    { hint },
  );
}
