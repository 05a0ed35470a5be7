import { stat, statfs } from "node:fs/promises";
import { runProgram } from "@/lib/engines/shared/process";
import type { Engines } from "@/lib/engines/ports";
import { formatBytes } from "@/lib/kernel/format";
import { type Finding, fail, look, ok, warn } from "./finding";

/** What a runner starts, and the Debian package that brings it. */
const PROGRAMS = [
  { program: "mariadb", package: "mariadb-client", args: ["--version"] },
  { program: "mariadb-dump", package: "mariadb-client", args: ["--version"] },
  { program: "mariadb-binlog", package: "mariadb-client", args: ["--version"] },
  { program: "mariadbd", package: "mariadb-server-core", args: ["--version"] },
  { program: "zstd", package: "zstd", args: ["--version"] },
  { program: "age", package: "age", args: ["--version"] },
] as const;

const SPACE_BYTES_MIN = 10 * 2 ** 30;

/** Programs with their versions. */
export async function checkPrograms(signal: AbortSignal): Promise<Finding[]> {
  const findings = await Promise.all(
    PROGRAMS.map(({ program, package: name, args }) =>
      look(`program ${program}`, async () => {
        const version = await runProgram({
          engine: "doctor",
          operation: "tell its version",
          program,
          args,
          signal,
          hint: `Install Debian's package ${name}.`,
        });
        return [ok(`program ${program}`, version.trim().split("\n")[0] ?? "there")];
      }),
    ),
  );
  return findings.flat();
}

/** Space where throw-away servers and spools live. */
export async function checkSpace(engines: Engines): Promise<Finding[]> {
  return look("space", async () => {
    const { bavail, bsize } = await statfs(engines.directories.scratch);
    const free = bavail * bsize;
    const message = `${formatBytes(free)} free at ${engines.directories.scratch}`;
    if (free >= SPACE_BYTES_MIN) return [ok("space", message)];
    return [warn("space", message, "A restore needs room for the data twice: make room, or move HOLDFAST_HOME.")];
  });
}

/** Keys: whether backups are encrypted, and whether this machine could open them. */
export async function checkKeys(keys: {
  recipients: readonly string[];
  identityFile?: string | undefined;
}): Promise<Finding[]> {
  const findings: Finding[] = [];
  const { recipients, identityFile } = keys;
  if (recipients.length === 0) {
    findings.push(
      warn(
        "keys",
        "backups are not encrypted: no recipient is declared",
        "Declare keys.recipients with an age public key of the runner and one of the escrow.",
      ),
    );
  } else if (recipients.length === 1) {
    findings.push(
      warn(
        "keys",
        "one recipient alone can open the backups",
        "Add an escrow recipient whose private key lies elsewhere.",
      ),
    );
  } else {
    findings.push(ok("keys", `${recipients.length} recipients`));
  }
  if (!identityFile)
    return [
      ...findings,
      warn(
        "identity",
        "no identity file is declared: this machine cannot restore",
        "Set keys.identityFile where restores run.",
      ),
    ];
  return [
    ...findings,
    ...(await look("identity", async () => {
      const { mode } = await stat(identityFile).catch(() => ({ mode: null }));
      if (mode === null)
        return [fail("identity", `${identityFile} is not there`, "Put the runner's age identity there, mode 0600.")];
      if ((mode & 0o077) !== 0)
        return [fail("identity", `${identityFile} can be read by others`, `chmod 600 ${identityFile}`)];
      return [ok("identity", `${identityFile} is there`)];
    })),
  ];
}
