import { formatInstant } from "@/components/patterns/instant";
import { formatCountOf } from "@/lib/kernel/format";
import type { RestoreChain } from "@/lib/recovery/schemas";

/** `full of 22 Nov 02:00 UTC and 3 increments, the last of 22 Nov 20:00 UTC`. */
export function chainText({ fullAt, increments, tipAt }: RestoreChain, zone: string): string {
  const full = `full of ${formatInstant(Date.parse(fullAt), "day-minute", zone)}`;
  if (increments === 0) return full;
  const tip = formatInstant(Date.parse(tipAt), "day-minute", zone);
  return `${full} and ${formatCountOf(increments, "increment")}, ${increments > 1 ? "the last " : ""}of ${tip}`;
}
