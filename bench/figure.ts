import { cpus, totalmem } from "node:os";

/** Of a dump that gzip packed, as the standard prints it. */
export const STANDARD_RESTORE = "gunzip | mysql";

/** One line of `bench --json`. */
export interface BenchFigure {
  name: string;
  value: number;
  unit: "seconds" | "bytes";
  baseline: { name: string; value: number } | null;
  /** baseline / ours: larger is better; null where there is nothing to compare with. */
  ratio: number | null;
}

export interface BenchReport {
  machine: { cores: number; memoryBytes: number; node: string };
  figures: BenchFigure[];
}

export function describeMachine(): BenchReport["machine"] {
  return { cores: cpus().length, memoryBytes: totalmem(), node: process.version };
}

const round = (value: number, digits: number) => Math.round(value * 10 ** digits) / 10 ** digits;

export function figure(
  name: string,
  [value, unit]: readonly [number, BenchFigure["unit"]],
  baseline: { name: string; value: number } | null = null,
): BenchFigure {
  return {
    name,
    value: round(value, unit === "seconds" ? 2 : 0),
    unit,
    baseline: baseline ? { ...baseline, value: round(baseline.value, unit === "seconds" ? 2 : 0) } : null,
    ratio: baseline && value > 0 ? round(baseline.value / value, 2) : null,
  };
}

/** The report as a table for a person. */
export function printReport(report: BenchReport): string {
  const { cores, memoryBytes, node } = report.machine;
  const show = (value: number, unit: BenchFigure["unit"]) =>
    unit === "bytes" ? `${(value / 2 ** 20).toFixed(1)} MiB` : `${value.toFixed(2)} s`;
  const rows = report.figures.map((each) => [
    each.name,
    show(each.value, each.unit),
    each.baseline ? show(each.baseline.value, each.unit) : "",
    each.ratio === null ? "" : `${each.ratio.toFixed(2)} x`,
    each.baseline?.name ?? "",
  ]);
  const table = [["figure", "ours", "baseline", "ratio", "baseline is"], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [`${cores} cores, ${(memoryBytes / 2 ** 30).toFixed(0)} GiB, node ${node}`, ...lines].join("\n");
}
