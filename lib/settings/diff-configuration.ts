import type { ConfigurationChange } from "./schemas";

/** Leaf by leaf, what differs between two documents; paths as `systems.database.rto`, in the new one's order. Of the systems the order counts too. */
export function diffConfiguration(before: unknown, after: unknown): ConfigurationChange[] {
  const changes: ConfigurationChange[] = [];
  const visit = (old: unknown, now: unknown, path: string[]): void => {
    if (isBranch(old) || isBranch(now)) {
      const [oldKeys, nowKeys] = [branchOf(old), branchOf(now)];
      for (const key of new Set([...Object.keys(nowKeys), ...Object.keys(oldKeys)])) {
        visit(oldKeys[key], nowKeys[key], [...path, key]);
      }
    } else if (JSON.stringify(old) !== JSON.stringify(now)) {
      changes.push({ path: path.join("."), before: old ?? null, after: now ?? null });
    }
  };
  visit(before, after, []);
  const [old, now] = [systemsOf(before), systemsOf(after)];
  const kept = old.filter((name) => now.includes(name));
  const isReordered = kept.join() !== now.filter((name) => old.includes(name)).join();
  return isReordered ? [...changes, { path: "systems", before: old, after: now }] : changes;
}

function systemsOf(document: unknown): string[] {
  return Object.keys(branchOf(branchOf(document).systems));
}

function isBranch(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function branchOf(value: unknown): Record<string, unknown> {
  return isBranch(value) ? value : {};
}
