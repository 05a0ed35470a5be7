"use client";

import { createContext, useContext, useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from "react";
import { isZone } from "./instant";
import { ZONE_COOKIE_NAME } from "./zone-cookie";

/** `UTC`, `local` or the name of a zone such as `Asia/Kolkata`. */
export type ZoneChoice = string;

/* One clock for the page: the console's, not the browser's. It ticks once a second for whoever listens. */
let offsetMs = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

function tick() {
  for (const listener of listeners) listener();
  // Just after the turn of the console's second, so that every figure of the page changes together.
  timer = setTimeout(tick, 1_005 - ((Date.now() + offsetMs) % 1_000));
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setTimeout(tick, 1_005 - ((Date.now() + offsetMs) % 1_000));
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearTimeout(timer);
    timer = undefined;
  };
}

/** Milliseconds of the console's clock. */
function consoleNow(): number {
  return Date.now() + offsetMs;
}

/** Takes over the console's clock from an answer; differences below two seconds are the network's. */
export function synchronizeClock(serverMs: number): void {
  const difference = serverMs - Date.now();
  if (Math.abs(difference - offsetMs) > 2_000) offsetMs = difference;
}

interface Clock {
  initialMs: number;
  choice: ZoneChoice;
  /** The zone to write instants in. */
  zone: string;
  choose: (choice: ZoneChoice) => void;
}

const ClockContext = createContext<Clock>({ initialMs: 0, choice: "UTC", zone: "UTC", choose: () => undefined });

function localZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** `local:Europe/Berlin` keeps the browser's zone beside the choice: the server must write the same text. */
function readZoneCookie(value: string | undefined): { choice: ZoneChoice; zone: string } {
  const [choice = "UTC", local] = decodeURIComponent(value ?? "UTC").split(":", 2);
  const zone = choice === "local" ? (local ?? "UTC") : choice;
  return isZone(zone) ? { choice, zone } : { choice: "UTC", zone: "UTC" };
}

function writeZoneCookie(choice: ZoneChoice, zone: string) {
  const value = encodeURIComponent(choice === "local" ? `local:${zone}` : choice);
  document.cookie = `${ZONE_COOKIE_NAME}=${value}; path=/; max-age=31536000; samesite=lax`;
}

interface ClockProviderProps {
  /** When the server rendered the page. */
  initialMs: number;
  zoneCookie: string | undefined;
  children: ReactNode;
}

export function ClockProvider({ initialMs, zoneCookie, children }: ClockProviderProps) {
  const [state, setState] = useState(() => readZoneCookie(zoneCookie));
  const value = useMemo<Clock>(
    () => ({
      ...state,
      initialMs,
      choose: (choice) => {
        const zone = choice === "local" ? localZone() : choice;
        if (!isZone(zone)) return;
        writeZoneCookie(choice, zone);
        setState({ choice, zone });
      },
    }),
    [state, initialMs],
  );
  const { choose, choice, zone } = value;
  useEffect(() => {
    // The cookie is of another journey: "local" means where the browser is now.
    if (choice === "local" && zone !== localZone()) choose("local");
  }, [choose, choice, zone]);
  return <ClockContext value={value}>{children}</ClockContext>;
}

/** The chosen time zone and how to choose another. */
export function useZone(): Pick<Clock, "choice" | "zone" | "choose"> {
  return useContext(ClockContext);
}

/** The console's time in steps of `stepMs`: the component renders again only when a step has passed. */
export function useNow(stepMs = 1_000): number {
  const { initialMs } = useContext(ClockContext);
  return useSyncExternalStore(
    subscribe,
    () => Math.floor(consoleNow() / stepMs) * stepMs,
    () => Math.floor(initialMs / stepMs) * stepMs,
  );
}

/** A text that depends on the time; the component renders again only when the text changes. */
export function useNowText(write: (nowMs: number) => string): string {
  const { initialMs } = useContext(ClockContext);
  return useSyncExternalStore(
    subscribe,
    () => write(consoleNow()),
    () => write(initialMs),
  );
}
