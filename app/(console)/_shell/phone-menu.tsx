"use client";

import { Dialog } from "@base-ui/react/dialog";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { ThemeButton } from "./account-menu";
import { badgeOf } from "./nav";
import { sectionOf, sectionsFor, type Reader } from "./sections";
import type { Attention } from "./use-attention";
import { ZoneSwitch } from "./zone-switch";

/** On a phone: every section behind one button, with what the header has no room for. */
export function PhoneMenu({ reader, attention }: { reader: Reader; attention: Attention }) {
  const current = sectionOf(usePathname())?.id;
  return (
    <Dialog.Root>
      <span className="hidden phone:block">
        <Dialog.Trigger
          render={
            <Button look="quiet" size="icon" aria-label="Menu" className="-ml-2.5">
              <Icon name="menu" />
            </Button>
          }
        />
      </span>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-[#000]/40" />
        <Dialog.Popup
          aria-label="Menu"
          className="fixed inset-y-0 left-0 z-50 flex w-64 flex-col border-r border-line bg-sunken p-2 text-ink outline-none"
        >
          <ul>
            {sectionsFor(reader).map((section) => (
              <li key={section.id} className={section.isFirst ? "mt-3" : ""}>
                <Dialog.Close
                  nativeButton={false}
                  render={
                    <Link
                      href={section.href}
                      role="link"
                      className={`flex h-10 items-center gap-3 rounded-1 px-3 ${current === section.id ? "bg-pressed font-medium" : "text-ink-2"}`}
                    />
                  }
                >
                  <Icon name={section.icon} />
                  {section.title}
                  <span className="ml-auto inline-flex items-center gap-1 text-12 text-ink-3">
                    {badgeOf(section, attention)}
                  </span>
                </Dialog.Close>
              </li>
            ))}
          </ul>
          <div className="mt-auto flex items-center justify-between p-2">
            <ZoneSwitch />
            <ThemeButton />
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** Five sections at the bottom of a phone. */
export function TabBar({ reader, attention }: { reader: Reader; attention: Attention }) {
  const current = sectionOf(usePathname())?.id;
  const sections = sectionsFor(reader).filter((section) => section.isOnTabBar);
  return (
    <nav
      aria-label="Sections"
      className="fixed inset-x-0 bottom-0 z-20 hidden h-14 auto-cols-fr grid-flow-col border-t border-line bg-sunken phone:grid"
    >
      {sections.map((section) => (
        <Link
          key={section.id}
          href={section.href}
          {...(current === section.id ? { "aria-current": "page" as const } : {})}
          className={`relative grid content-center justify-items-center gap-0.5 text-11 ${current === section.id ? "font-medium text-ink" : "text-ink-2"}`}
        >
          <Icon name={section.icon} className={`size-[18px] ${current === section.id ? "text-ink" : "text-ink-3"}`} />
          {section.title}
          {section.id === "runs" && attention.waiting > 0 && (
            <>
              <i
                className="absolute top-[7px] left-[calc(50%+8px)] size-[7px] rounded-full bg-warning"
                aria-hidden="true"
              />
              <span className="sr-only">a decision waits</span>
            </>
          )}
        </Link>
      ))}
    </nav>
  );
}
