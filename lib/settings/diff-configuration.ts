import type { ConfigurationChange } from "./schemas";

/** Leaf by leaf, what differs between two documents; paths as `systems.database.rto`, in the new one's order. */
export function diffConfiguration(before: unknown, after: unknown): ConfigurationChange[] {
  const changes: ConfigurationChange[] = [];
  const visit = (old: unknown, now: unknown, path: string[]): void => {
    if (isBranch(old) && isBranch(now)) {
      for (const key of new Set([...Object.keys(now), ...Object.keys(old)])) visit(old[key], now[key], [...path, key]);
    } else if (isBranch(old) || isBranch(now)) {
      for (const [key, value] of Object.entries(isBranch(now) ? now : {})) visit(undefined, value, [...path, key]);
      for (const [key, value] of Object.entries(isBranch(old) ? old : {})) visit(value, undefined, [...path, key]);
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
