import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { FILES, type BenchEstate } from "./bench-estate";
import { type BenchFigure, STANDARD_RESTORE as STANDARD, figure } from "./figure";
import { measureRun } from "./measure-run";
import { type BaselineRun, runHandBackup, runHandRestore } from "./run-baseline";

const HAND_BACKUP = "mariadb-backup | zstd";
const HAND_RESTORE = "zstd -d | mbstream, prepare, start";

const handFile = (estate: BenchEstate) => join(estate.directory, "hand.xb.zst");

/** The server's files to one repository, encrypted, and the same tools by hand to a local file. */
export async function benchPhysicalBackup(estate: BenchEstate, say: (text: string) => void): Promise<BenchFigure[]> {
  say(HAND_BACKUP);
  const hand = await runHandBackup(estate.source.root, handFile(estate));
  say("Holdfast, the files to one repository");
  const ours = await measureRun(estate, ["backup", "run", FILES, "--type", "full"]);
  const against = (value: number) => ({ name: HAND_BACKUP, value });
  return [
    figure("backup.physical.seconds", [ours.seconds, "seconds"], against(hand.seconds)),
    figure("backup.physical.cpuSeconds", [ours.cpuSeconds, "seconds"], against(hand.cpuSeconds)),
  ];
}

/** Both ways of the server's files, beside the same tools by hand. */
export async function benchPhysical(estate: BenchEstate, say: (text: string) => void): Promise<BenchFigure[]> {
  return [...(await benchPhysicalBackup(estate, say)), ...(await benchPhysicalRestore(estate, null, say))];
}

/** From the repository to a serving database, restarted with safe settings; beside the standard's and the same tools by hand. */
export async function benchPhysicalRestore(
  estate: BenchEstate,
  standard: BaselineRun | null,
  say: (text: string) => void,
): Promise<BenchFigure[]> {
  if (!existsSync(handFile(estate))) await benchPhysicalBackup(estate, say);
  say(HAND_RESTORE);
  const directory = join(estate.directory, "hr");
  const hand = await runHandRestore(estate.source.root, { file: handFile(estate), directory });
  await rm(directory, { recursive: true, force: true });
  say("Holdfast, from the files in one repository");
  const ours = await measureRun(estate, ["restore", FILES, "--to", "scratch", "--from", "primary"]);
  // Looking through the tables comes after the database serves.
  const seconds = ["find", "fetch", "load", "replay"].reduce((sum, key) => sum + (ours.steps[key] ?? 0), 0);
  return [
    figure("restore.physical.seconds", [seconds, "seconds"], standard && { name: STANDARD, value: standard.seconds }),
    figure("restore.physical.pipelineSeconds", [seconds, "seconds"], { name: HAND_RESTORE, value: hand.seconds }),
    figure("restore.physical.checkedSeconds", [ours.seconds, "seconds"]),
    figure("restore.physical.cpuSeconds", [ours.cpuSeconds, "seconds"], {
      name: HAND_RESTORE,
      value: hand.cpuSeconds,
    }),
  ];
}
