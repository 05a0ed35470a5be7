import type { Manifest } from "@/lib/backups";
import type { ObjectCounts, TableFacts } from "@/lib/engines/database/port";
import type { RecoveryCtx } from "./recovery";
import { DamagedError } from "@/lib/kernel/errors";
import { formatCountOf } from "@/lib/kernel/format";

interface Content {
  tables: readonly TableFacts[];
  objects: ObjectCounts;
}

/** What differs between a manifest and what was found, a line each; nothing when all is equal. */
export function describeDifferences(manifest: Pick<Manifest, "tables" | "objects">, found: Content): string[] {
  const byName = new Map(found.tables.map((table) => [nameOf(table), table]));
  const expected = new Set(manifest.tables.map(nameOf));
  const added = found.tables.map(nameOf).filter((name) => !expected.has(name));
  return [
    ...manifest.tables.flatMap((table) => describeTable(table, byName.get(nameOf(table))) ?? []),
    ...added.map((name) => `${name} is not in the manifest`),
    ...describeObjects(manifest.objects, found.objects),
  ];
}

function nameOf({ schema, table }: { schema: string; table: string }): string {
  return `${schema}.${table}`;
}

function describeTable(table: Manifest["tables"][number], copy: TableFacts | undefined): string | null {
  const name = nameOf(table);
  if (!copy) return `${name} is missing`;
  if (copy.rows !== table.rows) return `${name} has ${copy.rows} rows where ${table.rows} were dumped`;
  if (copy.sha256 !== table.sha256) return `${name} differs in content`;
  // Manifests of an earlier version do not tell it.
  const isOther = table.definitionSha256 !== undefined && table.definitionSha256 !== copy.definitionSha256;
  return isOther ? `${name} has another definition` : null;
}

function describeObjects(expected: ObjectCounts, found: ObjectCounts): string[] {
  return (["views", "triggers", "routines", "events", "sequences"] as const)
    .filter((kind) => expected[kind] !== found[kind])
    .map((kind) => `${found[kind]} ${kind} where ${expected[kind]} were dumped`);
}

/** @throws DamagedError with the first differences; all of them are said */
export function refuseDifferences(ctx: RecoveryCtx, differences: readonly string[], what: string): void {
  if (differences.length === 0) return;
  for (const line of differences) ctx.run.say(line, "error");
  throw new DamagedError(
    `${what} in ${formatCountOf(differences.length, "place")}: ${differences.slice(0, 3).join("; ")}`,
    {
      hint: "This backup does not restore to what was dumped: use another one, and take a new full backup now.",
    },
  );
}
