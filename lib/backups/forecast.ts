import type { GrowthForecast } from "./schemas";

/** Fewer days than these draw no line: a week holds the rhythm of a week. */
export const SAMPLES_MIN = 7;

const OUTER = 0.1;

/**
 * A line through daily figures by Theil and Sen: its slope is the median of the slopes of all pairs of days, so that a
 * single odd day (a backup that failed, one taken twice) does not bend it. It begins at the newest figure. The range is
 * that of the pairs from the 10th to the 90th percentile; no normal distribution is assumed, since the figures are sums
 * that depend on each other and would make a textbook interval too narrow.
 * @param daily one figure a day, oldest first, without holes
 * @returns null with fewer than SAMPLES_MIN days
 */
export function forecastGrowth(daily: readonly number[], horizonDays: number): GrowthForecast | null {
  const newest = daily.at(-1);
  if (newest === undefined || daily.length < SAMPLES_MIN) return null;
  const slopes: number[] = [];
  for (const [from, first] of daily.entries()) {
    for (let to = from + 1; to < daily.length; to += 1) {
      slopes.push(((daily[to] ?? first) - first) / (to - from));
    }
  }
  slopes.sort((a, b) => a - b);
  const at = (bytesPerDay: number) => Math.max(0, newest + bytesPerDay * horizonDays);
  const [low, middle, high] = [quantile(slopes, OUTER), quantile(slopes, 0.5), quantile(slopes, 1 - OUTER)];
  return {
    samples: daily.length,
    bytesPerDay: middle,
    bytesPerDayRange: [low, high],
    horizonDays,
    bytes: at(middle),
    bytesRange: [at(low), at(high)],
  };
}

/** Of sorted figures, between two of them where it falls there. */
function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? 0;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}
