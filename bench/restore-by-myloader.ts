import { rm } from "node:fs/promises";
import { join } from "node:path";
import { startMariadbServer } from "@/demo/mariadb/start-mariadb-server";
import { findServerProgram } from "@/lib/engines/database/mariadb/server/server-programs";
import { type BenchEstate, serverSettings } from "./bench-estate";
import { type BaselineRun, runMydumper, runMyloader } from "./run-baseline";

const PROGRAMS = ["mydumper", "myloader"];

/** mydumper of the source, and myloader into a fresh server like it; null, and a word about it, where they are not installed. */
export async function restoreByMyloader(estate: BenchEstate, say: (text: string) => void): Promise<BaselineRun | null> {
  const found = await Promise.allSettled(PROGRAMS.map(findServerProgram));
  if (found.some(({ status }) => status === "rejected")) {
    say("myloader is not installed (Debian's package mydumper): the figure that compares with it is left out");
    return null;
  }
  const [dump, directory] = [join(estate.directory, "mydumper"), join(estate.directory, "m")];
  say("mydumper");
  await runMydumper(estate.source.root, dump);
  const settings = serverSettings(estate.sqlBytes);
  const server = await startMariadbServer({ directory, serverId: 13, binlog: true, settings });
  try {
    say("myloader");
    return await runMyloader(server.root, dump);
  } finally {
    await server.kill();
    await rm(directory, { recursive: true, force: true });
    await rm(dump, { recursive: true, force: true });
  }
}
