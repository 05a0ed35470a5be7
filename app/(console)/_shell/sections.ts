import type { IconName } from "@/components/ui/icon";

export interface Section {
  id: string;
  title: string;
  href: string;
  icon: IconName;
  /** The letter after `g`. */
  key: string;
  /** First of its group: a gap stands before it. */
  isFirst?: boolean;
  /** On the phone's bar at the bottom. */
  isOnTabBar?: boolean;
}

/** Where one can go. The nouns are those of the URL, the API and the audit log. */
const SECTIONS: readonly Section[] = [
  { id: "overview", title: "Overview", href: "/", icon: "overview", key: "o", isOnTabBar: true },
  { id: "systems", title: "Systems", href: "/systems", icon: "systems", key: "s", isOnTabBar: true },
  { id: "backups", title: "Backups", href: "/backups", icon: "backups", key: "b" },
  { id: "repositories", title: "Repositories", href: "/repositories", icon: "repositories", key: "p" },
  { id: "verification", title: "Verification", href: "/verification", icon: "verification", key: "v" },
  { id: "recovery", title: "Recovery", href: "/recovery", icon: "recovery", key: "y", isFirst: true },
  { id: "runs", title: "Runs", href: "/runs", icon: "runs", key: "r", isOnTabBar: true },
  { id: "drills", title: "Drills", href: "/drills", icon: "drills", key: "d", isOnTabBar: true },
  { id: "alerts", title: "Alerts", href: "/alerts", icon: "alerts", key: "l", isFirst: true },
  { id: "audit", title: "Audit", href: "/audit", icon: "audit", key: "a", isOnTabBar: true },
  { id: "settings", title: "Settings", href: "/settings", icon: "settings", key: "," },
];

/** The section that a path belongs to. */
export function sectionOf(pathname: string): Section | undefined {
  return SECTIONS.findLast(
    (section) => pathname === section.href || (section.href !== "/" && pathname.startsWith(`${section.href}/`)),
  );
}

export interface Reader {
  name: string;
  email: string;
  role: string;
  mayReadAudit: boolean;
  mayStartDrill: boolean;
}

/** The sections that a reader may open. */
export function sectionsFor(reader: Reader): Section[] {
  return SECTIONS.filter((section) => section.id !== "audit" || reader.mayReadAudit);
}
