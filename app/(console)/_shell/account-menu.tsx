"use client";

import Link from "next/link";
import { useTheme } from "next-themes";
import { signOut } from "@/app/_client/sign-in";
import { showToast } from "@/components/ui/toast";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { MenuItem, MenuLink, MenuPopup, MenuRoot, MenuSeparator, MenuTrigger } from "@/components/ui/menu";
import type { Reader } from "./sections";

/** Both icons are there; the theme's rule shows one, before any script has run. */
export function ThemeButton() {
  const { resolvedTheme, setTheme } = useTheme();
  return (
    <Button
      look="quiet"
      size="icon"
      aria-label="Switch theme"
      title="Switch theme"
      className="-mx-2"
      onClick={() => setTheme(resolvedTheme === "dark" ? "light" : "dark")}
    >
      <Icon name="moon" className="size-4 night:hidden" />
      <Icon name="sun" className="hidden size-4 night:block" />
    </Button>
  );
}

function initialsOf(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  return `${words[0]?.[0] ?? "?"}${words.length > 1 ? (words.at(-1)?.[0] ?? "") : ""}`.toUpperCase();
}

export function AccountMenu({ reader, onShowKeyboard }: { reader: Reader; onShowKeyboard: () => void }) {
  const leave = () => {
    signOut().catch(() => showToast({ title: "The console does not answer", description: "You are still signed in." }));
  };
  return (
    <MenuRoot>
      <MenuTrigger
        label={`${initialsOf(reader.name)}, account of ${reader.name}`}
        render={
          <button
            type="button"
            title={`${reader.name}, ${reader.role}`}
            className="grid size-[26px] place-items-center rounded-full border border-line-2 text-11 font-medium text-ink-2 hover:bg-hover"
          >
            {initialsOf(reader.name)}
          </button>
        }
      />
      <MenuPopup>
        <div className="px-2 pt-1 pb-2">
          <p className="font-medium">{reader.name}</p>
          <p className="text-12 text-ink-3">{reader.email}</p>
          <p className="text-12 text-ink-3">{reader.role}</p>
        </div>
        <MenuSeparator />
        <MenuLink render={<Link href="/settings" />}>Settings</MenuLink>
        <MenuItem onClick={onShowKeyboard}>Keyboard shortcuts</MenuItem>
        <MenuSeparator />
        <MenuItem onClick={leave}>Sign out</MenuItem>
      </MenuPopup>
    </MenuRoot>
  );
}
