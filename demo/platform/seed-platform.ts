import { existsSync } from "node:fs";
import { cp, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { PlatformPlaces } from "../parts/layout";
import { PROJECT } from "../parts/program-part";
import { SCHEMA_STATEMENTS } from "../shop/schema";
import { createRandom } from "../shop/seeded-random";
import { drawPicture } from "./draw-picture";
import { releaseCode } from "./release-code";

const PICTURES = 120;
const SEED = 7;

async function write(file: string, text: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text, { mode });
}

/** The shop's own sources, its configuration without secrets, its static assets, and `.env` beside them. */
async function writeApplication(directory: string, shopPassword: string): Promise<void> {
  const at = (...names: string[]) => join(directory, ...names);
  await cp(join(PROJECT, "demo/shop"), at("src"), { recursive: true });
  await write(
    at("config", "shop.json"),
    `${JSON.stringify({ currency: "EUR", linesMax: 20, language: "en" }, null, 2)}\n`,
  );
  await write(at("routes", "web.txt"), "POST /orders\nPOST /orders/check\nGET /orders\nGET /health\n");
  for (const [index, statement] of SCHEMA_STATEMENTS.entries()) {
    const name = `${String(index + 1).padStart(4, "0")}.sql`;
    await write(at("database", "migrations", name), `${statement};\n`);
  }
  const random = createRandom(SEED);
  await write(at("public", "shop.css"), "body { font: 16px/1.5 sans-serif; margin: 2rem auto; max-width: 60rem; }\n");
  for (const name of ["logo", "basket", "delivery"]) await write(at("public", `${name}.svg`), drawPicture(random));
  await write(at(".gitignore"), ".env\n");
  await write(at(".env"), `DATABASE_USER=shop\nDATABASE_PASSWORD=${shopPassword}\n`, 0o600);
}

/** Pictures of products, and the newest of them under a name that stays. */
async function writeUploads(directory: string): Promise<void> {
  const random = createRandom(SEED + 1);
  for (let product = 1; product <= PICTURES; product += 1) {
    await write(join(directory, "pictures", `product-${product}.svg`), drawPicture(random));
  }
  await symlink(`product-${PICTURES}.svg`, join(directory, "pictures", "newest.svg"));
}

/**
 * Makes the files that the shop has beside its database, once: a start that finds them leaves them as they are.
 * @throws Error when git is not there, or the disk is full; what was begun is made anew the next time
 */
export async function seedPlatform(places: PlatformPlaces, shopPassword: string): Promise<void> {
  await mkdir(places.logs, { recursive: true });
  if (existsSync(places.application)) return;
  await rm(places.uploads, { recursive: true, force: true });
  await writeUploads(places.uploads);
  // Whole or not there at all: the application comes last, under a name that only a finished one gets.
  const begun = `${places.application}.new`;
  await rm(begun, { recursive: true, force: true });
  await writeApplication(begun, shopPassword);
  await releaseCode(begun);
  await rename(begun, places.application);
}
