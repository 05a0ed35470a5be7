import type { EngineError } from "@/lib/kernel/errors";
import { FULL_DISK } from "../server/disk-error";
import { toEngineError } from "../map-error";
import { physicalFailure } from "./physical-failure";

const HINT = "Look at the server's error log, at this machine's memory, and at the rights on the data directory.";

/** What the tool says, and what it means. Its own words may hold the account's password digest: they are never shown. */
const KNOWN: readonly { pattern: RegExp; message: string; hint: string; permanent: boolean }[] = [
  {
    pattern: /missing required privilege (\w+(?: \w+)*) on/,
    message: "the account lacks a right that the tool needs",
    hint: "GRANT RELOAD, PROCESS, BINLOG MONITOR ON *.* TO the account.",
    permanent: true,
  },
  {
    pattern: /permission denied|errno: 13|errcode: 13|operating system error number 13/i,
    message: "it may not read the server's files",
    hint: "Let the runner be a member of the server's group, or run it as the server's user.",
    permanent: true,
  },
  {
    pattern: FULL_DISK,
    message: "the disk is full",
    hint: "Free space where temporary files lie, and on the server's own disk.",
    permanent: false,
  },
  {
    pattern: /too many open files|errno: 24|errcode: 24/i,
    message: "it may not open as many files as the server has",
    hint: "Raise the limit of open files of the runner (LimitNOFILE).",
    permanent: true,
  },
  {
    pattern: /was overwritten|log block|redo log.*(?:too (?:old|small)|wrapped)|Was only able to copy log/i,
    message: "the server wrote over its redo log before the tool had read it",
    hint: "Enlarge innodb_log_file_size, or take the backup when less is written.",
    permanent: false,
  },
  {
    pattern: /corrupt|checksum mismatch|page.*invalid/i,
    message: "a page of the server's files is damaged",
    hint: "Run CHECK TABLE on the server: its disk or memory may be failing.",
    permanent: true,
  },
  {
    pattern: /incremental backup is impossible/,
    message: "an increment is impossible: the server was restarted with other undo tablespaces",
    hint: "Take a full backup.",
    permanent: true,
  },
  {
    pattern: /server has gone away|lost connection|Connection was killed/i,
    message: "the server closed the connection",
    hint: "Is the server still running? Its error log says why it went.",
    permanent: false,
  },
];

/** The tool's failure in words of ours. */
export function explainBackup(
  stderr: string,
  exitCode: number | null,
  context: { operation: string; place: string },
): EngineError {
  const { operation, place } = context;
  if (/Access denied/.test(stderr)) return toEngineError({ errno: 1045 }, context);
  if (/Failed to connect/.test(stderr)) return toEngineError({ code: "ECONNREFUSED" }, context);
  const broken = /broken pipe/i.test(stderr) ? " (broken pipe)" : "";
  const ended = exitCode === null ? "it was ended" : `exit code ${exitCode}`;
  const known = KNOWN.find(({ pattern }) => pattern.test(stderr)) ?? { message: ended, hint: HINT, permanent: false };
  return physicalFailure(
    operation,
    `mariadb-backup on ${place} could not ${operation}: ${known.message}${broken}`,
    known,
  );
}
