import type { Configuration } from "@/lib/settings/schemas";
import type { CopyPlace } from "./copy-place";

export interface RebuiltCatalog {
  repository: string;
  /** Backups whose manifest counts; of these `added` were not in the catalogue, or not with this copy. */
  backups: number;
  added: number;
  logs: number;
  /** What was left out, by name, and why. */
  refused: { key: string; reason: string }[];
}

export interface Rebuild {
  place: CopyPlace;
  configuration: Configuration;
  systems: ReadonlyMap<string, string>;
  found: RebuiltCatalog;
}

export function refuse(rebuild: Rebuild, refusal: { key: string; reason: string }): null {
  rebuild.found.refused.push(refusal);
  return null;
}
