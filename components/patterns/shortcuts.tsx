"use client";

import { useEffect, useRef, useSyncExternalStore } from "react";
import { tinykeys } from "tinykeys";
import { Dialog } from "@/components/ui/dialog";
import { Checkbox } from "@/components/ui/field";

export interface Shortcut {
  /** In the notation of tinykeys: `g o`, `$mod+k`, `?`. */
  keys: string;
  label: string;
  onPress: () => void;
  /** Works in fields too, and when single keys are switched off. */
  isAlways?: boolean;
}

const STORAGE_KEY = "holdfast-single-keys";
const changed = new EventTarget();

function subscribe(listener: () => void) {
  changed.addEventListener("change", listener);
  return () => changed.removeEventListener("change", listener);
}

/** Whether keys without a modifier act. Who dictates or shakes can switch them off (WCAG 2.1.4). */
export function useSingleKeys(): [boolean, (isOn: boolean) => void] {
  const isOn = useSyncExternalStore(
    subscribe,
    () => localStorage.getItem(STORAGE_KEY) !== "off",
    () => true,
  );
  return [
    isOn,
    (next) => {
      localStorage.setItem(STORAGE_KEY, next ? "on" : "off");
      changed.dispatchEvent(new Event("change"));
    },
  ];
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

/** Binds shortcuts to the window while the component lives. Fields and open dialogs keep their keys. */
export function useShortcuts(shortcuts: readonly Shortcut[]) {
  const [isOn] = useSingleKeys();
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  const signature = shortcuts.map((shortcut) => shortcut.keys).join("|");
  useEffect(() => {
    const press = (keys: string) => (event: KeyboardEvent) => {
      const shortcut = latest.current.find((candidate) => candidate.keys === keys);
      if (!shortcut) return;
      const isBlocked =
        !isOn || isTyping(event.target) || document.querySelector("[role=dialog],[role=alertdialog]") !== null;
      if (isBlocked && !shortcut.isAlways) return;
      event.preventDefault();
      shortcut.onPress();
    };
    const bindings = Object.fromEntries(signature.split("|").map((keys) => [keys, press(keys)]));
    return tinykeys(window, bindings, { ignore: () => false });
  }, [signature, isOn]);
}

/** How a shortcut is written for people. */
export function keysText(keys: string): string {
  return keys.replace("$mod+k", "⌘K").replace("Shift+", "").replaceAll("[", "").replaceAll("]", "");
}

interface ShortcutHelpProps {
  shortcuts: readonly Shortcut[];
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
}

/** Every key there is, and the switch that turns the single ones off. */
export function ShortcutHelp({ shortcuts, isOpen, onOpenChange }: ShortcutHelpProps) {
  const [isOn, setIsOn] = useSingleKeys();
  const rows = [
    ...shortcuts.map((shortcut) => [keysText(shortcut.keys), shortcut.label] as const),
    ["↑ ↓", "Walk through rows"] as const,
    ["n N", "Next and previous hit in a log"] as const,
    ["Esc", "Close the top layer"] as const,
  ];
  return (
    <Dialog title="Keyboard" isOpen={isOpen} onOpenChange={onOpenChange}>
      <dl className="grid grid-cols-[72px_1fr] gap-y-1">
        {rows.map(([keys, label]) => (
          <div key={label} className="contents">
            <dt>
              <kbd className="rounded-[3px] border border-line-2 px-1 text-12">{keys}</kbd>
            </dt>
            <dd className="text-ink-2">{label}</dd>
          </div>
        ))}
      </dl>
      <Checkbox label="Single-key shortcuts" isChecked={isOn} onChange={setIsOn} />
    </Dialog>
  );
}
