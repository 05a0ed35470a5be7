"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import type { ReactNode } from "react";
import { Glyph } from "@/components/patterns/status";
import { Icon } from "@/components/ui/icon";
import { Brand } from "@/components/patterns/brand";
import { RunAtFoot } from "./run-at-foot";
import { sectionOf, sectionsFor, type Reader, type Section } from "./sections";
import type { Attention } from "./use-attention";

/** Count or glyph beside a noun: only where someone must look. */
export function badgeOf(section: Section, attention: Attention): ReactNode {
  switch (section.id) {
    case "systems":
      if (attention.failed > 0) return <Count tone="failed" count={attention.failed} word="failed" />;
      return attention.warning > 0 ? <Count tone="warning" count={attention.warning} word="in danger" /> : null;
    case "alerts":
      return attention.alerts > 0 ? <Count tone={attention.alertTone} count={attention.alerts} word="open" /> : null;
    case "runs":
      if (attention.waiting > 0) return <Count tone="warning" count={attention.waiting} word="waiting" />;
      return attention.open > 0 ? <Count tone="running" count={attention.open} word="running" /> : null;
    case "drills":
      if (attention.overdue > 0) return <Count tone="warning" count={attention.overdue} word="overdue" />;
      return attention.due > 0 ? <span>{attention.due} due</span> : null;
    default:
      return null;
  }
}

function Count({ tone, count, word }: { tone: "failed" | "warning" | "running"; count: number; word: string }) {
  return (
    <>
      <Glyph tone={tone} label={word} className="size-2.5" />
      {count}
    </>
  );
}

/** The navigation: 176 px, a rail of 48 px below 1240 px, nothing on a phone. */
export function Nav({ reader, attention }: { reader: Reader; attention: Attention }) {
  const sections = sectionsFor(reader);
  const current = sectionOf(usePathname())?.id;
  const upper = sections.filter((section) => section.id !== "settings");
  const settings = sections.find((section) => section.id === "settings");
  return (
    <nav aria-label="Main" className="row-span-2 flex flex-col border-r border-line bg-sunken phone:hidden">
      <Link
        href="/"
        className="flex h-(--header) items-center gap-2 px-4 text-14 font-semibold tracking-[-0.01em] rail:px-[15px]"
      >
        <Brand />
        <span className="rail:sr-only">Holdfast</span>
      </Link>
      <ul className="px-2">
        {upper.map((section) => (
          <li key={section.id} className={section.isFirst ? "mt-3" : ""}>
            <NavLink section={section} isCurrent={current === section.id}>
              {badgeOf(section, attention)}
            </NavLink>
          </li>
        ))}
      </ul>
      <div className="mt-auto py-2">
        {attention.foremost && <RunAtFoot run={attention.foremost} />}
        {settings && (
          <div className="px-2">
            <NavLink section={settings} isCurrent={current === settings.id} />
          </div>
        )}
      </div>
    </nav>
  );
}

interface NavLinkProps {
  section: Section;
  isCurrent: boolean;
  children?: ReactNode;
}

function NavLink({ section, isCurrent, children }: NavLinkProps) {
  return (
    <Link
      href={section.href}
      title={section.title}
      {...(isCurrent ? { "aria-current": "page" as const } : {})}
      className={`group relative flex h-7 items-center gap-2 rounded-1 px-2 ${isCurrent ? "bg-pressed font-medium text-ink" : "text-ink-2 hover:bg-hover"}`}
    >
      <Icon name={section.icon} className={`size-4 ${isCurrent ? "text-ink" : "text-ink-3"}`} />
      <span className="rail:sr-only">{section.title}</span>
      {children && (
        <span className="ml-auto inline-flex items-center gap-1 text-12 font-normal text-ink-3 rail:absolute rail:top-0.5 rail:right-px rail:text-[0px]">
          {children}
        </span>
      )}
    </Link>
  );
}
