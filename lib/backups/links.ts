import type { LinkFact } from "./model";

/** Methods whose increments hold files, not the names of logs. */
export const LINK_METHODS = ["physical", "tar"];

/**
 * Backups that bring a system back by themselves or with what they continue: fulls, and increments of files. A logical
 * increment of a database only names logs, which count as logs.
 */
export const LINKS = {
  OR: [{ type: "full" }, { type: "incremental", method: { in: LINK_METHODS } }],
};

export interface ChainRow {
  id: string;
  parentId: string | null;
  copies: readonly { repositoryId: string; state: string }[];
}

/**
 * A backup and everything that it continues, the full first, as far as one repository holds each of them. Pure.
 * @returns null where one is missing there: then none of it can be brought back from it
 */
export function chainIn<Row extends ChainRow>(
  rows: ReadonlyMap<string, Row>,
  id: string,
  repositoryId: string,
): Row[] | null {
  const chain: Row[] = [];
  for (let row = rows.get(id); row && hasCopy(row, repositoryId, "present") && !chain.includes(row);) {
    chain.unshift(row);
    if (row.parentId === null) return chain;
    row = rows.get(row.parentId);
  }
  return null;
}

export function hasCopy({ copies }: Pick<ChainRow, "copies">, repositoryId: string, state: string): boolean {
  return copies.some((copy) => copy.repositoryId === repositoryId && copy.state === state);
}

/** What the reach of a backup is computed from. */
export function toLinkFact(row: {
  id: string;
  startedAt: Date;
  endedAt: Date | null;
  serverId: string | null;
  incarnation: string | null;
  position: unknown;
}): LinkFact {
  return {
    backupId: row.id,
    startedAt: row.startedAt,
    endedAt: row.endedAt ?? row.startedAt,
    serverId: row.serverId,
    incarnation: row.incarnation,
    position: row.position as LinkFact["position"],
  };
}
