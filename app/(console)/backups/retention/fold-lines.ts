import type { KeptView, RemovalView } from "@/lib/retention/schemas";

export type Line = KeptView & Partial<Pick<RemovalView, "isDue" | "notBefore">> & { count: number };

/** Log files of one repository that go, or stay, for one reason and at one time are one line; the rest stands alone. */
export function foldLines(lines: readonly (KeptView | RemovalView)[]): Line[] {
  const folded = new Map<string, Line>();
  for (const line of lines) {
    const when = "notBefore" in line ? `${line.isDue} ${line.isDue ? "" : line.notBefore}` : "";
    const key =
      line.kind === "log" ? `${line.repository} ${line.reason} ${when}` : `${line.repository} ${line.subject}`;
    const known = folded.get(key);
    if (!known) {
      folded.set(key, { ...line, count: 1 });
      continue;
    }
    const first = known.title.split(" to ")[0] ?? known.title;
    known.title = `${first} to ${line.title}`;
    known.count += 1;
    known.sizeBytes += line.sizeBytes;
    if (line.at > known.at) known.at = line.at;
  }
  return [...folded.values()];
}
