"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { runQuery, systemQuery } from "@/app/_client/queries";
import { sectionOf } from "./sections";

/** Where the page is: estate, section, thing. On a phone the section alone. */
export function Breadcrumb({ estate }: { estate: string | null }) {
  const pathname = usePathname();
  const section = sectionOf(pathname);
  const thing = section && section.href !== "/" ? pathname.slice(section.href.length + 1).split("/")[0] : undefined;
  return (
    <nav aria-label="Breadcrumb" className="flex min-w-0 items-center gap-2">
      {estate && (
        <>
          <span className="max-w-40 truncate text-ink-2 narrow:hidden">{estate}</span>
          <span className="text-line-2 narrow:hidden">/</span>
        </>
      )}
      {section && (
        <Link
          href={section.href}
          {...(thing ? {} : { "aria-current": "page" as const })}
          className={thing ? "text-ink-2 hover:text-ink phone:font-semibold phone:text-ink" : "font-semibold"}
        >
          {section.title}
        </Link>
      )}
      {section && thing && (
        <>
          <span className="text-line-2 phone:hidden">/</span>
          <span aria-current="page" className="truncate font-semibold phone:hidden">
            <ThingName section={section.id} id={decodeURIComponent(thing)} />
          </span>
        </>
      )}
    </nav>
  );
}

/** Pages below a section that are no things. */
const PAGES: Partial<Record<string, string>> = {
  "backups/calendar": "Calendar",
  "backups/chains": "Chains",
  "backups/cuts": "Cut",
  "backups/retention": "Retention",
  "backups/storage": "Storage",
  "recovery/restore": "Restore",
};

/** A thing's title once the page has it; its name or the head of its id until then. */
function ThingName({ section, id }: { section: string; id: string }) {
  const system = useQuery({ ...systemQuery(id), enabled: false });
  const run = useQuery({ ...runQuery(id), enabled: false });
  if (section === "systems") return system.data?.title ?? id;
  if (section === "runs" && run.data) return run.data.title;
  const page = PAGES[`${section}/${id}`];
  if (page) return page;
  if (section === "backups") return "Backup";
  return /^[0-9a-f-]{36}$/.test(id) ? id.slice(0, 8) : id;
}
