import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyConfiguration, ensureFullBackup, keepUsers } from "@/demo/console/first-steps";
import { startConsole } from "@/demo/console/start-console";
import { startEstate } from "@/demo/estate";
import { findFreePort } from "@/demo/parts/free-port";

/** Where the journeys read who may sign in, and where. */
export const WORLD_FILE = join(tmpdir(), `hf-e2e-${process.getuid?.() ?? 0}.json`);

/** Brings up a practice estate with real stores and the built console, with one full backup; the answer ends them. */
export default async function startWorld(): Promise<() => Promise<void>> {
  await mkdir("/var/tmp/hf-e2e", { recursive: true });
  const directory = await mkdtemp("/var/tmp/hf-e2e/");
  await chmod(directory, 0o711); // The embedded database's user passes through it.
  const say = (text: string) => void process.stderr.write(`e2e: ${text}\n`);
  const estate = await startEstate({ directory, keepStoresIn: "memory", mailbox: true, onEvent: say });
  try {
    const console = await startConsole(estate, { port: await findFreePort(), pages: true });
    try {
      await applyConfiguration(console, estate.layout);
      const signIns = await keepUsers(console, estate.layout);
      await ensureFullBackup(console);
      await writeFile(WORLD_FILE, JSON.stringify({ url: console.url, signIns }), { mode: 0o600 });
      say(`the console runs at ${console.url}`);
    } catch (error) {
      await console.stop();
      throw error;
    }
    return async () => {
      await console.stop();
      await estate.stop();
      await rm(WORLD_FILE, { force: true });
      await rm(directory, { recursive: true, force: true });
    };
  } catch (error) {
    await estate.stop();
    throw error;
  }
}
