import { rm } from "node:fs/promises";
import { join } from "node:path";
import { FILES, type BenchEstate } from "./bench-estate";
import { type BenchFigure, STANDARD_RESTORE as STANDARD, figure } from "./figure";
import { measureRun } from "./measure-run";
import type { BaselineRun } from "./run-baseline";
import {
  HAND_BACKUP,
  HAND_RESTORE,
  type HandPlace,
  handPlaces,
  hasHandBackup,
  runHandBackup,
  runHandRestore,
} from "./run-by-hand";

type Say = (text: string) => void;

/** Part of a figure's name: `pipeline` does by hand all that ours does, `file` neither encrypts nor stores in a bucket. */
const NAMES = { file: "file", bucket: "pipeline" } as const satisfies Record<HandPlace, string>;

/** Both ways of the server's files, beside the same tools by hand. */
export async function benchPhysical(estate: BenchEstate, say: Say): Promise<BenchFigure[]> {
  return [...(await benchPhysicalBackup(estate, say)), ...(await benchPhysicalRestore(estate, null, say))];
}

/** The server's files to one repository, encrypted, and the same tools by hand. */
export async function benchPhysicalBackup(estate: BenchEstate, say: Say): Promise<BenchFigure[]> {
  const byHand = await measureByHand(await handPlaces(say), (place) => {
    say(HAND_BACKUP[place]);
    return runHandBackup(estate, place);
  });
  say("Holdfast, the files to one repository");
  const ours = await measureRun(estate, ["backup", "run", FILES, "--type", "full"]);
  return byHand.flatMap(({ place, run }) => [
    figure(
      `backup.physical.${NAMES[place]}Seconds`,
      [ours.seconds, "seconds"],
      against(HAND_BACKUP[place], run.seconds),
    ),
    figure(
      `backup.physical.${NAMES[place]}CpuSeconds`,
      [ours.cpuSeconds, "seconds"],
      against(HAND_BACKUP[place], run.cpuSeconds),
    ),
  ]);
}

/** From the repository to a serving database with safe settings; beside the standard's and the same tools by hand. */
export async function benchPhysicalRestore(
  estate: BenchEstate,
  standard: BaselineRun | null,
  say: Say,
): Promise<BenchFigure[]> {
  if (!hasHandBackup(estate)) await benchPhysicalBackup(estate, say);
  const byHand = await measureByHand(await handPlaces(say), async (place) => {
    say(HAND_RESTORE[place]);
    const directory = join(estate.directory, "hr");
    const run = await runHandRestore(estate, place, directory);
    await rm(directory, { recursive: true, force: true });
    return run;
  });
  say("Holdfast, from the files in one repository");
  const ours = await measureRun(estate, ["restore", FILES, "--to", "scratch", "--from", "primary"]);
  // Looking through the tables comes after the database serves.
  const seconds = ["find", "fetch", "load", "replay"].reduce((sum, key) => sum + (ours.steps[key] ?? 0), 0);
  return [
    figure("restore.physical.seconds", [seconds, "seconds"], standard && against(STANDARD, standard.seconds)),
    ...byHand.map(({ place, run }) =>
      figure(
        `restore.physical.${NAMES[place]}Seconds`,
        [seconds, "seconds"],
        against(HAND_RESTORE[place], run.seconds),
      ),
    ),
    figure("restore.physical.checkedSeconds", [ours.seconds, "seconds"]),
    figure("restore.physical.checkedCpuSeconds", [ours.cpuSeconds, "seconds"]),
  ];
}

const against = (name: string, value: number) => ({ name, value });

async function measureByHand(
  places: readonly HandPlace[],
  measure: (place: HandPlace) => Promise<BaselineRun>,
): Promise<{ place: HandPlace; run: BaselineRun }[]> {
  const runs = [];
  for (const place of places) runs.push({ place, run: await measure(place) });
  return runs;
}
