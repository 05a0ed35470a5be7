import { z } from "zod";

/** `holdfast.json` at the top of a repository. */
export const RepositoryIdentity = z.object({
  format: z.literal(1),
  /** Pinned by the console: another id at the same place is another repository. */
  id: z.uuid(),
  createdAt: z.iso.datetime(),
  /** Public keys (SPKI, PEM) whose signatures on manifests count, oldest first. */
  publicKeys: z.array(z.string().startsWith("-----BEGIN PUBLIC KEY-----")).min(1),
});
export type RepositoryIdentity = z.infer<typeof RepositoryIdentity>;

export const RepositoryView = z.object({
  name: z.string(),
  kind: z.enum(["s3", "directory"]),
  location: z.string(),
  /** When it last answered, and what it said when it did not. */
  checkedAt: z.string().nullable(),
  checkError: z.string().nullable(),
  backups: z.number(),
  storedBytes: z.number(),
});
export type RepositoryView = z.infer<typeof RepositoryView>;
