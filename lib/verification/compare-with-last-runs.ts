import type { Manifest } from "@/lib/backups";
import { formatBytes } from "@/lib/kernel/format";
import { known } from "@/lib/recovery";
import type { StepCtx, StepOutcome } from "@/lib/runs";
import type { Attempt, NewFinding } from "./attempt";
import { BAND_RUNS, type Band, bandSide, expectedBand, newItems } from "./model";

interface EarlierRun {
  sizeBytes: bigint | null;
  rows: bigint;
  lossy: string[];
}

/**
 * Whether size and rows are what the last runs let expect, and whether something comes back changed that did not before.
 * None of it proves the backup bad: it is a finding. Rows count beside bytes, since a dump without them keeps its size.
 */
export async function compareWithLastRuns(ctx: StepCtx, attempt: Attempt): Promise<StepOutcome> {
  const manifest = known(known(attempt.recovery, "the recovery").manifest, "the manifest");
  const earlier = await readEarlier(ctx, manifest);
  const size = manifest.parts.reduce((sum, part) => sum + part.sealed.sizeBytes, 0);
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
  const sizeBand = expectedBand(earlier.flatMap((run) => (run.sizeBytes === null ? [] : [Number(run.sizeBytes)])));
  const rowsBand = expectedBand(earlier.map((run) => Number(run.rows)));
  const found = [
    ...outside({ kind: "size", value: size, band: sizeBand, show: formatBytes }),
    ...outside({ kind: "rows", value: rows, band: rowsBand, show: (value) => `${Math.round(value)} rows` }),
    ...lossy(manifest, earlier[0]),
  ];
  attempt.findings.push(...found);
  for (const { title, detail } of found) ctx.run.say(`${title}: ${detail}`, "warning");
  return {
    summary: describe(earlier.length, { sizeBand, found: found.length }),
    sizeBytes: size,
    rows,
    sizeBand,
    rowsBand,
    earlierRuns: earlier.length,
  };
}

function describe(runs: number, facts: { sizeBand: Band | null; found: number }): string {
  if (!facts.sizeBand) return `${runs} earlier runs are too few to expect a size`;
  return facts.found === 0
    ? `as the last ${runs} runs let expect`
    : `${facts.found} findings beside the last ${runs} runs`;
}

/** The runs before this one, newest first; the sums are made where the manifests lie. */
function readEarlier(ctx: StepCtx, manifest: Manifest): Promise<EarlierRun[]> {
  return ctx.db.$queryRaw<EarlierRun[]>`
    SELECT backups.size_bytes AS "sizeBytes", backups.lossy AS lossy,
      COALESCE((SELECT SUM((entry->>'rows')::bigint) FROM jsonb_array_elements(backups.manifest->'tables') entry), 0)::bigint AS rows
    FROM backups JOIN systems ON systems.id = backups.system_id
    WHERE systems.name = ${manifest.system} AND backups.type = 'full' AND backups.manifest IS NOT NULL
      AND backups.id <> ${manifest.id}::uuid AND backups.started_at < ${new Date(manifest.startedAt)}
    ORDER BY backups.started_at DESC LIMIT ${BAND_RUNS}`;
}

function outside(figure: {
  kind: "size" | "rows";
  value: number;
  band: Band | null;
  show: (value: number) => string;
}): NewFinding[] {
  const { kind, value, band, show } = figure;
  const side = bandSide(value, band);
  if (!side || !band) return [];
  return [
    {
      kind,
      subject: side,
      title:
        kind === "size"
          ? `The backup's size is ${side} what is expected`
          : `The number of rows is ${side} what is expected`,
      detail: `${show(value)}, where the last runs let expect ${show(band.low)} to ${show(band.high)}`,
    },
  ];
}

function lossy(manifest: Manifest, before: EarlierRun | undefined): NewFinding[] {
  // The first backup has nothing to be new against: its list is shown with it.
  if (!before) return [];
  const now = manifest.hazards
    .filter(({ effect }) => effect === "lossy" || effect === "omit")
    .map(({ object, message }) => `${object}: ${message}`);
  return newItems(now, before.lossy).map((item) => ({
    kind: "lossy",
    subject: item.slice(0, 200),
    title: "Something comes back changed, or not at all, that did before",
    detail: item,
  }));
}
