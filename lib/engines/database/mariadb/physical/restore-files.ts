import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProgramPipe } from "@/lib/engines/shared/piped-bytes";
import { runProgram } from "@/lib/engines/shared/process";
import type { Secret } from "@/lib/kernel/secret";
import type { PhysicalLink, PhysicalRestore, ScratchOptions, ScratchServer } from "../../port";
import { ENGINE } from "../map-error";
import { assertPlugins } from "../scratch-server";
import { claimDirectory, giveUpDirectory } from "../server/claim-directory";
import { quoteText } from "../server/initialize-data-directory";
import { setNamedTimeZone } from "../server/primary-server";
import { removeScratch } from "../server/sweep-scratch";
import { findServerProgram } from "../server/server-programs";
import { firstStart, serveScratch } from "../server/serve-scratch";
import { assertFollows } from "./check-chain";
import { findFileElsewhere, readFileLayout } from "./file-layout";
import { physicalFailure } from "./physical-failure";
import { prepareFiles } from "./prepare-files";
import { readCheckpoints } from "./read-checkpoints";
import { isToolFit, requireTool } from "./tool-version";
import { unpackFiles } from "./unpack-files";

const OPERATION = "put the files together";

/** The server of an older package may not read what a newer one wrote. @throws EngineError */
async function assertServerFits(version: string, signal: AbortSignal): Promise<void> {
  const printed = await runProgram({
    engine: ENGINE,
    operation: OPERATION,
    program: await findServerProgram("mariadbd"),
    args: ["--version"],
    signal,
    hint: "Is it installed well?",
  });
  if (isToolFit(printed, version)) return;
  throw physicalFailure(OPERATION, `the files are of MariaDB ${version}, and this machine has an older server`, {
    hint: "Install the source's version of mariadb-server on this machine, or a newer one of its series.",
  });
}

/**
 * Statements before the first connection: root of localhost gets in by the password whatever the source knew of it, and
 * nobody by the runner's own account, which the log may still name. Written as rows: a plugin that judges passwords has no say.
 */
async function writeRestoredInit(path: string, rootPassword: Secret, locked: readonly string[]): Promise<void> {
  const lines = [
    "SET SESSION sql_mode = '';",
    `REPLACE INTO mysql.global_priv (Host, User, Priv) VALUES ('localhost', 'root', JSON_OBJECT('access', 18446744073709551615,
      'plugin', 'mysql_native_password', 'authentication_string', PASSWORD(${quoteText(rootPassword.reveal())})));`.replaceAll(
      /\n\s+/g,
      " ",
    ),
    ...locked.map(
      (user) =>
        `UPDATE mysql.global_priv SET Priv = JSON_SET(Priv, '$.account_locked', TRUE) WHERE User = ${quoteText(user)};`,
    ),
    "FLUSH PRIVILEGES;",
  ];
  await writeFile(path, `${lines.join("\n")}\n`, { mode: 0o600 });
}

/** Begins in an empty directory, which is then this process's own. @throws EngineError where tool or server do not fit */
export async function restoreFiles(options: ScratchOptions, locked: readonly string[]): Promise<PhysicalRestore> {
  await assertServerFits(options.settings.version, options.signal);
  await claimDirectory(options.directory, options);
  return new FilesRestore(options, locked);
}

class FilesRestore implements PhysicalRestore {
  readonly #options: ScratchOptions;
  readonly #locked: readonly string[];
  readonly #data: string;
  readonly #increment: string;
  #applied: PhysicalLink | null = null;
  #unpacked: PhysicalLink | null = null;

  constructor(options: ScratchOptions, locked: readonly string[]) {
    this.#options = options;
    this.#locked = locked;
    this.#data = join(options.directory, "data");
    this.#increment = join(options.directory, "increment");
  }

  async unpack(link: PhysicalLink, files: ProgramPipe): Promise<void> {
    try {
      if (this.#unpacked)
        throw physicalFailure(OPERATION, "a backup was unpacked before the one before was applied", {
          hint: "This is a defect of Holdfast.",
        });
      assertFollows(OPERATION, link, this.#applied);
      await requireTool(link.toolVersion, OPERATION, this.#options.signal);
      await unpackFiles(this.#directoryOfNext(), files, this.#options.signal);
    } catch (error) {
      files.abandon();
      throw error;
    }
    this.#unpacked = link;
  }

  async apply(): Promise<void> {
    const link = this.#unpacked;
    if (!link) throw new Error("nothing was unpacked");
    const directory = this.#directoryOfNext();
    await assertWhole(directory, link);
    const temporary = join(this.#options.directory, "tmp");
    await mkdir(temporary, { recursive: true, mode: 0o700 });
    const increment = this.#applied ? this.#increment : null;
    await prepareFiles({ data: this.#data, increment, temporary }, this.#options.signal);
    if (increment) await rm(increment, { recursive: true, force: true });
    this.#applied = link;
    this.#unpacked = null;
  }

  async start(): Promise<ScratchServer> {
    if (!this.#applied || this.#unpacked) throw new Error("the chain was not applied");
    const { directory, signal } = this.#options;
    try {
      const fileLayout = await readFileLayout(this.#data, OPERATION);
      const settings = { ...this.#options.settings, fileLayout };
      const started = await firstStart({ ...this.#options, settings, isPhysical: true }, (path, password) =>
        writeRestoredInit(path, password, this.#locked),
      );
      await complete(started.place, signal).catch(async (error: unknown) => {
        await started.server.kill();
        throw error;
      });
      return serveScratch(started);
    } catch (error) {
      return giveUpDirectory(directory, error);
    }
  }

  async discard(): Promise<void> {
    await removeScratch(this.#options.directory);
  }

  #directoryOfNext(): string {
    return this.#applied ? this.#increment : this.#data;
  }
}

async function complete(place: Parameters<typeof setNamedTimeZone>[0], signal: AbortSignal): Promise<void> {
  await assertPlugins(place.connection, place.settings, signal);
  await setNamedTimeZone(place, signal);
}

/** What the tool wrote at the end of its stream must be there, and be what the chain says. @throws EngineError */
async function assertWhole(directory: string, link: PhysicalLink): Promise<void> {
  const { lsn } = await readCheckpoints(directory, OPERATION);
  await readFileLayout(directory, OPERATION);
  if (lsn.from !== link.lsn.from || lsn.to !== link.lsn.to || lsn.last !== link.lsn.last) {
    throw physicalFailure(
      OPERATION,
      `the files go from LSN ${lsn.from} to ${lsn.to}, where the backup is said to go from ${link.lsn.from} to ${link.lsn.to}`,
      { hint: "Was the object put in the place of another one? Use another repository's copy." },
    );
  }
  const elsewhere = await findFileElsewhere(directory);
  if (elsewhere === null) return;
  throw physicalFailure(OPERATION, `the backup holds "${elsewhere}", which leads to files outside the data directory`, {
    hint: "A server on this copy would open the original: use a logical backup of this system.",
  });
}
