/* Instants as people read them, in a chosen time zone. UTC unless told. */

const formatters = new Map<string, Intl.DateTimeFormat>();

type Parts = Record<"weekday" | "year" | "month" | "monthNumber" | "day" | "hour" | "minute" | "second", string>;

function formatterOf(zone: string, month: "short" | "2-digit"): Intl.DateTimeFormat {
  const key = `${zone} ${month}`;
  let formatter = formatters.get(key);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      hourCycle: "h23",
      weekday: "short",
      year: "numeric",
      month,
      day: "numeric",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    formatters.set(key, formatter);
  }
  return formatter;
}

function partsOf(ms: number, zone: string): Parts {
  const parts: Partial<Parts> = {};
  for (const part of formatterOf(zone, "short").formatToParts(ms)) {
    if (part.type !== "literal") parts[part.type as keyof Parts] = part.value;
  }
  const monthNumber = formatterOf(zone, "2-digit")
    .formatToParts(ms)
    .find((part) => part.type === "month");
  // Engines differ in "Sep" and "Sept"; three letters line up.
  return { ...(parts as Parts), month: (parts.month ?? "").slice(0, 3), monthNumber: monthNumber?.value ?? "" };
}

/** `UTC`, `CET`, `GMT+5:30`: the zone's name at that instant. */
export function zoneName(ms: number, zone: string): string {
  if (zone === "UTC") return "UTC";
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeZoneName: "short" }).formatToParts(ms);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? zone;
}

/** Whether this browser or server knows a zone's name. */
export function isZone(zone: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat("en-GB", { timeZone: zone }));
  } catch {
    return false; // an unknown name throws: that is the answer
  }
}

/**
 * `full` 2026-11-23 03:14:07 UTC · `millis` the same with thousandths · `day-time` 23 Nov 03:14:07 ·
 * `day-minute` 23 Nov 03:14 · `time` 03:14:07 · `minute` 03:14 · `day` 23 Nov · `date` 2026-11-23 ·
 * `weekday` Mon 23 Nov · `month` Nov
 */
export type InstantForm =
  "full" | "millis" | "day-time" | "day-minute" | "time" | "minute" | "day" | "date" | "weekday" | "month";

export function formatInstant(ms: number, form: InstantForm, zone: string): string {
  const p = partsOf(ms, zone);
  const date = `${p.year}-${p.monthNumber}-${p.day.padStart(2, "0")}`;
  const minute = `${p.hour}:${p.minute}`;
  const time = `${minute}:${p.second}`;
  const day = `${p.day} ${p.month}`;
  const texts: Record<InstantForm, () => string> = {
    full: () => `${date} ${time} ${zoneName(ms, zone)}`,
    millis: () => `${date} ${time}.${String(ms % 1_000).padStart(3, "0")} ${zoneName(ms, zone)}`,
    "day-time": () => `${day} ${time}`,
    "day-minute": () => `${day} ${minute}`,
    time: () => time,
    minute: () => minute,
    day: () => day,
    date: () => date,
    weekday: () => `${p.weekday} ${day}`,
    month: () => p.month,
  };
  return texts[form]();
}

/** The time alone when it is on the same day as `now`, with its day otherwise. */
export function formatNear(ms: number, now: number, zone: string): string {
  const isSameDay = formatInstant(ms, "date", zone) === formatInstant(now, "date", zone);
  return formatInstant(ms, isSameDay ? "minute" : "day-minute", zone);
}
