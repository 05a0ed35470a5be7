"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";

/** The ways to look at backups; each is a page of its own. */
const VIEWS = [
  { href: "/backups", title: "List" },
  { href: "/backups/calendar", title: "Calendar" },
  { href: "/backups/chains", title: "Chains" },
  { href: "/backups/storage", title: "Storage" },
] as const;

export function BackupViews() {
  const pathname = usePathname();
  return (
    <nav aria-label="Views of backups" className="flex h-7 gap-1 phone:h-9 phone:w-full phone:overflow-x-auto">
      {VIEWS.map(({ href, title }) => {
        const isCurrent = pathname === href;
        return (
          <Link
            key={href}
            href={href}
            {...(isCurrent ? { "aria-current": "page" as const } : {})}
            className={`inline-flex items-center rounded-1 px-2 ${isCurrent ? "bg-pressed font-medium text-ink" : "text-ink-2 hover:bg-hover"}`}
          >
            {title}
          </Link>
        );
      })}
    </nav>
  );
}
