import type { ConfigurationChange } from "./schemas";

/** Leaf by leaf, what differs between two documents; paths as `systems.database.rto`, in the new one's order. */
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
  return changes;
}

function isBranch(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function branchOf(value: unknown): Record<string, unknown> {
  return isBranch(value) ? value : {};
}
