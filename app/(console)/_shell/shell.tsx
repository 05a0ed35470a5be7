"use client";

import { useRouter } from "next/navigation";
import { useState, type ReactNode } from "react";
import { CommandPalette } from "@/components/patterns/command-palette";
import { Freshness } from "@/components/patterns/freshness";
import { ShortcutHelp, useShortcuts, type Shortcut } from "@/components/patterns/shortcuts";
import { Icon } from "@/components/ui/icon";
import { AccountMenu, ThemeButton } from "./account-menu";
import { Breadcrumb } from "./breadcrumb";
import { Nav } from "./nav";
import { PhoneMenu, TabBar } from "./phone-menu";
import { sectionsFor, type Reader } from "./sections";
import { useAttention } from "./use-attention";
import { useCommands } from "./use-commands";
import { HeaderClock, ZoneSwitch } from "./zone-switch";

interface ShellProps {
  reader: Reader;
  /** The estate's name, as its configuration gives it. */
  estate: string | null;
  children: ReactNode;
}

function focusSearch() {
  document.querySelector<HTMLElement>("main [data-search]")?.focus();
}

/** What stands around every page. */
export function Shell({ reader, estate, children }: ShellProps) {
  const router = useRouter();
  const attention = useAttention();
  const [isPaletteOpen, setIsPaletteOpen] = useState(false);
  const [isHelpOpen, setIsHelpOpen] = useState(false);
  const shortcuts: Shortcut[] = [
    { keys: "$mod+k", label: "Go to or run", onPress: () => setIsPaletteOpen(true), isAlways: true },
    ...sectionsFor(reader).map(({ key, title, href }) => ({
      keys: `g ${key}`,
      label: title,
      onPress: () => router.push(href),
    })),
    { keys: "/", label: "Search on this page", onPress: focusSearch },
    { keys: "Shift+?", label: "Keyboard shortcuts", onPress: () => setIsHelpOpen(true) },
  ];
  useShortcuts(shortcuts);
  const groups = useCommands(reader, isPaletteOpen);
  return (
    <div className="grid h-dvh grid-cols-[var(--nav)_minmax(0,1fr)] grid-rows-[var(--header)_minmax(0,1fr)] phone:block phone:h-auto phone:pb-14">
      <a href="#main" className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-bg focus:p-2">
        Skip to content
      </a>
      <Nav reader={reader} attention={attention} />
      <header className="flex h-(--header) items-center gap-2 border-b border-line bg-bg px-4 whitespace-nowrap phone:sticky phone:top-0 phone:z-20 phone:px-3">
        <PhoneMenu reader={reader} attention={attention} />
        <Breadcrumb estate={estate} />
        <div className="ml-auto flex items-center gap-3">
          <button
            type="button"
            className="inline-flex h-7 w-52 items-center gap-2 rounded-1 border border-line-2 bg-bg pr-1.5 pl-2 text-ink-3 hover:bg-hover phone:hidden rail:w-[92px]"
            onClick={() => setIsPaletteOpen(true)}
          >
            <Icon name="search" className="size-3.5" />
            <span className="rail:sr-only">Go to or run</span>
            <kbd className="ml-auto rounded-[3px] border border-line bg-bg px-1 text-11">⌘K</kbd>
          </button>
          <HeaderClock />
          <ZoneSwitch className="phone:hidden" />
          <Freshness factsAt={attention.factsAt} isFailing={attention.isFailing} />
          <span className="phone:hidden">
            <ThemeButton />
          </span>
          <AccountMenu reader={reader} onShowKeyboard={() => setIsHelpOpen(true)} />
        </div>
      </header>
      <main id="main" className="min-w-0 overflow-auto phone:overflow-visible">
        {children}
      </main>
      <TabBar reader={reader} attention={attention} />
      <CommandPalette groups={groups} isOpen={isPaletteOpen} onOpenChange={setIsPaletteOpen} />
      <ShortcutHelp shortcuts={shortcuts} isOpen={isHelpOpen} onOpenChange={setIsHelpOpen} />
    </div>
  );
}
