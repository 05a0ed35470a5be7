import type { Command } from "commander";
import { type Ctx, deriveCtx } from "@/lib/db/context";
import { completeDrillTask, listDrillHistory, listDrillTasks, openPeriodTasks, signDrillTask } from "@/lib/drills";
import type { DrillPeriods, DrillTaskView } from "@/lib/drills/schemas";
import { NotFoundError } from "@/lib/kernel/errors";
import { type Answer, answerWith, table } from "./answer";

export function addDrillCommands(program: Command): void {
  const drill = program.command("drill").description("the recovery testing schedule");
  drill
    .command("list")
    .description("what is due in this month, quarter and year")
    .option("--period <period>", "a month 2026-11, a quarter 2026-Q4 or a year 2026")
    .option("--history", "periods that are over, the missed tests too")
    .action((options: { period?: string; history?: boolean }, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        await openTasks(ctx);
        if (options.history) return describePeriods(await listDrillHistory(ctx));
        return describePeriods(await listDrillTasks(ctx, options.period ? { period: options.period } : {}));
      }),
    );
  drill
    .command("complete")
    .description("say that a test was done, with a run as evidence or a note")
    .argument("<task>", TASK)
    .option("--note <text>", "what was done; for a test without a run also why")
    .option("--evidence <run>", "id of the run that proves it")
    .action((task: string, options: { note?: string; evidence?: string }, command: Command) =>
      answerWith(command, async ({ ctx }) =>
        describeTask(
          await completeDrillTask(ctx, {
            taskId: await findTaskId(ctx, task),
            ...(options.note ? { note: options.note } : {}),
            ...(options.evidence ? { evidenceRunId: options.evidence } : {}),
          }),
        ),
      ),
    );
  drill
    .command("sign")
    .description("sign off what another person did")
    .argument("<task>", TASK)
    .action((task: string, _: unknown, command: Command) =>
      answerWith(command, async ({ ctx }) =>
        describeTask(await signDrillTask(ctx, { taskId: await findTaskId(ctx, task) })),
      ),
    );
}

const TASK = "id, or the name of a line of the present period such as restore-to-staging";

/* On a machine whose runner is not up yet there would be nothing to list. */
async function openTasks(ctx: Ctx): Promise<void> {
  await openPeriodTasks(deriveCtx(ctx, { actor: { kind: "system", job: "drill.open" } }));
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

async function findTaskId(ctx: Ctx, reference: string): Promise<string> {
  if (UUID.test(reference)) return reference;
  const { periods } = await listDrillTasks(ctx);
  const task = periods.flatMap(({ tasks }) => tasks).find(({ requirement }) => requirement === reference);
  if (!task) throw new NotFoundError("drill task", reference);
  return task.id;
}

function describePeriods(view: DrillPeriods): Answer {
  const rows = view.periods.flatMap(({ tasks }) =>
    tasks.map((task) => [
      task.period,
      task.state,
      task.requirement,
      task.dueAt,
      task.doneBy ?? "–",
      task.signedBy ?? "–",
      task.id,
    ]),
  );
  return { json: view, text: table([["PERIOD", "STATE", "TEST", "DUE", "DONE BY", "SIGNED BY", "ID"], ...rows]) };
}

function describeTask(task: DrillTaskView): Answer {
  const proof = task.evidence ? `run ${task.evidence.runId}` : `note "${task.note ?? ""}"`;
  return {
    json: { task },
    text: [`${task.title}, ${task.period}: ${task.state}`, `done by ${task.doneBy ?? "nobody"}, ${proof}`],
  };
}
