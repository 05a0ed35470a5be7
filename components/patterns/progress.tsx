import { formatBytes, formatCount, formatDuration } from "@/lib/kernel/format";

interface ProgressProps {
  done: number;
  /** null: the end is not known, and then no bar pretends one. */
  total: number | null;
  /** The total is an expectation: "about". */
  isTotalExpected?: boolean | undefined;
  unit: "bytes" | "tables" | "transactions" | "checks" | "repositories" | "files" | "backups";
  ratePerSecond: number | null;
  secondsLeft: number | null;
}

/** `41.2 of 96.0 GiB`, `41.2 of about 96.0 GiB`, `12 of 84 tables`, `2,904,118 transactions`. */
export function progressText({
  done,
  total,
  unit,
  isTotalExpected = false,
}: Pick<ProgressProps, "done" | "total" | "unit" | "isTotalExpected">): string {
  const write = unit === "bytes" ? formatBytes : formatCount;
  const noun = unit === "bytes" ? "" : ` ${unit}`;
  if (total === null) return `${write(done)}${noun}`;
  const [value, unitOfTotal] = write(total).split(" ");
  const [part, unitOfPart] = write(done).split(" ");
  const left = unitOfPart === unitOfTotal ? part : `${part} ${unitOfPart ?? ""}`.trim();
  return `${left} of ${isTotalExpected ? "about " : ""}${value}${unitOfTotal ? ` ${unitOfTotal}` : ""}${noun}`;
}

/** `88.0 MiB/s`, `1,204 tables/s`; null where it is not known yet. */
export function rateText({ unit, ratePerSecond }: Pick<ProgressProps, "unit" | "ratePerSecond">): string | null {
  if (ratePerSecond === null) return null;
  if (unit === "bytes") return `${formatBytes(ratePerSecond)}/s`;
  return `${ratePerSecond < 10 ? Number(ratePerSecond.toPrecision(2)) : formatCount(ratePerSecond)} ${unit}/s`;
}

export function leftText(secondsLeft: number | null): string | null {
  return secondsLeft === null ? null : `${formatDuration(Math.ceil(secondsLeft) * 1_000)} left`;
}

/** All that is known of it: `41.2 of 96.0 GiB, 88.0 MiB/s, 10m 37s left`. */
export function progressWords(progress: ProgressProps): string {
  return [progressText(progress), rateText(progress), leftText(progress.secondsLeft)].filter(Boolean).join(", ");
}

/** How much of how much, as a line; 4 px high. */
export function ProgressBar({ done, total, label }: { done: number; total: number; label: string }) {
  const percent = total > 0 ? Math.min(100, (done / total) * 100) : 0;
  return (
    <span
      role="progressbar"
      aria-label={label}
      aria-valuenow={Math.round(percent)}
      aria-valuemin={0}
      aria-valuemax={100}
      className="block h-1 overflow-hidden rounded-[2px] bg-track"
    >
      <span className="block h-full bg-running" style={{ width: `${percent}%` }} />
    </span>
  );
}
