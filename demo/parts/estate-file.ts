import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { newToken } from "@/lib/kernel/ids";
import { findFreePort } from "./free-port";
import type { Layout } from "./layout";

const Port = z.number().int().min(1).max(65_535);
const EstatePorts = z.object({
  database: Port,
  shop: Port,
  shopAdmin: Port,
  storePrimary: Port,
  storeDr: Port,
  console: Port,
  /** Absent from an estate that was made before it had a mailbox: it is chosen at the next start. */
  mail: Port.optional(),
});
export type EstatePorts = z.infer<typeof EstatePorts>;

/** What an estate keeps from its first start on. */
export const EstateFile = z.object({
  format: z.literal(1),
  ports: EstatePorts,
  /** Of the accounts at the database. Holdfast's is made by the server's first start; null before. */
  passwords: z.object({ shop: z.string(), holdfast: z.string().nullable() }),
  /** `directory` only where the demo could not have real S3 stores. */
  stores: z.enum(["s3", "directory"]),
});
export type EstateFile = z.infer<typeof EstateFile>;

export interface NewEstate {
  ports?: Partial<EstatePorts> | undefined;
  stores: EstateFile["stores"];
}

/** Writes a file that only its user may read, whole or not at all. */
export function writePrivateFile(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

async function choosePorts(wanted: Partial<EstatePorts>): Promise<Required<EstatePorts>> {
  const taken = new Set(Object.values(wanted).filter((port) => port !== undefined));
  const choose = async (given: number | undefined) => {
    const port = given ?? (await findFreePort(taken));
    taken.add(port);
    return port;
  };
  return {
    database: await choose(wanted.database),
    shop: await choose(wanted.shop),
    shopAdmin: await choose(wanted.shopAdmin),
    storePrimary: await choose(wanted.storePrimary),
    storeDr: await choose(wanted.storeDr),
    console: await choose(wanted.console),
    mail: await choose(wanted.mail),
  };
}

/** What the estate in a directory keeps; null where none was made yet. */
export function readEstateFile(layout: Layout): EstateFile | null {
  let text: string;
  try {
    text = readFileSync(layout.estateFile, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
  return EstateFile.parse(JSON.parse(text));
}

/** The kept estate, or a new one with free ports and new passwords. */
export async function openEstateFile(layout: Layout, wanted: NewEstate): Promise<EstateFile> {
  mkdirSync(layout.directory, { recursive: true, mode: 0o755 });
  const kept = readEstateFile(layout);
  if (kept) return completeEstate(layout, kept);
  const estate: EstateFile = {
    format: 1,
    ports: await choosePorts(wanted.ports ?? {}),
    passwords: { shop: newToken(), holdfast: null },
    stores: wanted.stores,
  };
  writeEstateFile(layout, estate);
  return estate;
}

async function completeEstate(layout: Layout, kept: EstateFile): Promise<EstateFile> {
  if (kept.ports.mail !== undefined) return kept;
  const estate = { ...kept, ports: await choosePorts(kept.ports) };
  writeEstateFile(layout, estate);
  return estate;
}

export function writeEstateFile(layout: Layout, estate: EstateFile): void {
  writePrivateFile(layout.estateFile, `${JSON.stringify(estate, null, 2)}\n`);
}
