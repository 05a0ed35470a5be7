/* Widths that a person can read off an axis. */
const WIDTHS_SECONDS = [1, 5, 15, 60, 300, 900, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000, 31_536_000];

/** The smallest round width, in seconds, by which a stretch of time falls into at most `buckets` pieces. */
export function bucketSecondsFor(rangeMs: number, buckets: number): number {
  const wanted = rangeMs / 1_000 / Math.max(1, buckets - 1);
  const widest = WIDTHS_SECONDS.at(-1) ?? 1;
  return WIDTHS_SECONDS.find((width) => width >= wanted) ?? Math.ceil(wanted / widest) * widest;
}
