/* How figures are written for people. Pure, without imports: the browser uses it too. */

/** `4m 12s`, `2h 14m`, `21d`, `850ms`: at most two units and three digits. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < 0.5) return "0s";
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  const seconds = Math.floor(ms / 1_000);
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  const rest = seconds % 60;
  if (days >= 3) return `${days}d`;
  if (days > 0) return `${days}d ${hours}h`;
  if (hours > 0) return `${hours}h ${String(minutes).padStart(2, "0")}m`;
  if (minutes > 0) return `${minutes}m ${String(rest).padStart(2, "0")}s`;
  return `${rest}s`;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** `80.3 GiB`: binary units, three significant digits. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  const text = unit === 0 ? String(value) : value.toPrecision(3);
  return `${text} ${UNITS[unit]}`;
}

/** `1,204`: digits in groups of three. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString("en-GB");
}

/** `1 backup`, `1,204 backups`. */
export function formatCountOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** `4s`, `32m`, `2h`, `12d`: one unit, for ages in lists. Never negative: a clock that runs ahead reads as `0s`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** `15m`, `2h`, `1h 30m`, `24h`: a target, without zero parts. */
export function formatTarget(seconds: number): string {
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  const rest = Math.round(seconds % 60);
  if (hours > 72 && hours % 24 === 0 && !minutes) return `${hours / 24}d`;
  const parts = [hours && `${hours}h`, minutes && `${minutes}m`, rest && `${rest}s`].filter(Boolean);
  return parts.slice(0, 2).join(" ") || "0s";
}
