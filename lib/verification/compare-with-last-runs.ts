import { type AnyManifest, type Manifest, toBackupRow } from "@/lib/backups";
import { formatBytes } from "@/lib/kernel/format";
import { type TreeManifest, known } from "@/lib/recovery";
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
  const manifest = known(attempt.recovery?.manifest ?? attempt.tree?.chain?.at(-1), "the manifest");
  const earlier = await readEarlier(ctx, manifest);
  const size = manifest.parts.reduce((sum, part) => sum + part.sealed.sizeBytes, 0);
  const { count: rows, word } = countOf(manifest);
  const sizeBand = expectedBand(earlier.flatMap((run) => (run.sizeBytes === null ? [] : [Number(run.sizeBytes)])));
  const rowsBand = expectedBand(earlier.map((run) => Number(run.rows)));
  const found = [
    ...outside({ kind: "size", value: size, band: sizeBand, show: formatBytes }),
    ...outside({ kind: "rows", value: rows, band: rowsBand, word, show: (value) => `${Math.round(value)} ${word}` }),
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

/** The runs of its own kind before this one, newest first; the sums are made where the manifests lie. */
function readEarlier(ctx: StepCtx, manifest: AnyManifest): Promise<EarlierRun[]> {
  return ctx.db.$queryRaw<EarlierRun[]>`
    SELECT backups.size_bytes AS "sizeBytes", backups.lossy AS lossy,
      COALESCE(
        (SELECT SUM((entry->>'rows')::bigint) FROM jsonb_array_elements(backups.manifest->'tables') entry),
        (backups.manifest->'counts'->>'files')::bigint, jsonb_array_length(backups.manifest->'refs'), 0)::bigint AS rows
    FROM backups JOIN systems ON systems.id = backups.system_id
    WHERE systems.name = ${manifest.system} AND backups.manifest IS NOT NULL
      AND backups.type = ${manifest.type} AND backups.method = ${manifest.method}
      AND backups.id <> ${manifest.id}::uuid AND backups.started_at < ${new Date(manifest.startedAt)}
    ORDER BY backups.started_at DESC LIMIT ${BAND_RUNS}`;
}

function outside(figure: {
  kind: "size" | "rows";
  value: number;
  band: Band | null;
  show: (value: number) => string;
  /** What is counted. */
  word?: string;
}): NewFinding[] {
  const { kind, value, band, show, word } = figure;
  const side = bandSide(value, band);
  if (!side || !band) return [];
  return [
    {
      kind,
      subject: side,
      title:
        kind === "size"
          ? `The backup's size is ${side} what is expected`
          : `The number of ${word} is ${side} what is expected`,
      detail: `${show(value)}, where the last runs let expect ${show(band.low)} to ${show(band.high)}`,
    },
  ];
}

/** What a backup holds many of, beside its bytes. */
function countOf(manifest: Manifest | TreeManifest): { count: number; word: string } {
  if ("tables" in manifest) return { count: manifest.tables.reduce((sum, { rows }) => sum + rows, 0), word: "rows" };
  return manifest.kind === "files"
    ? { count: manifest.counts.files, word: "files" }
    : { count: manifest.refs.length, word: "refs" };
}

function lossy(manifest: Manifest | TreeManifest, before: EarlierRun | undefined): NewFinding[] {
  // The first backup has nothing to be new against: its list is shown with it.
  if (!before) return [];
  return newItems(toBackupRow(manifest).lossy, before.lossy).map((item) => ({
    kind: "lossy",
    subject: item.slice(0, 200),
    title: "Something comes back changed, or not at all, that did before",
    detail: item,
  }));
}
