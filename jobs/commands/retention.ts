import type { Command } from "commander";
import type { Ctx } from "@/lib/db/context";
import { RefusedError, ValidationError } from "@/lib/kernel/errors";
import { formatBytes, formatCountOf } from "@/lib/kernel/format";
import { applyRetention, liftFreezes, planRetention } from "@/lib/retention";
import type { RetentionPlan } from "@/lib/retention/schemas";
import { type Answer, answerWith, table } from "./answer";
import { answerRun } from "./wait-for-run";

const REFUSED = 3;

export function addRetentionCommands(program: Command): void {
  const retention = program.command("retention").description("what is deleted by its age: plan, show, apply");
  retention
    .command("plan")
    .description("what would be deleted and why, and what stays although it is old")
    .option("--system <name>")
    .action((options: { system?: string }, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const view = await planRetention(ctx, options);
        return { json: view, text: view.plans.flatMap(describePlan) };
      }),
    );
  addApply(retention);
  addLift(retention);
}

interface ApplyOptions {
  system?: string;
  plan?: string;
  overCap?: string;
  reason?: string;
  wait?: boolean;
}

function addApply(retention: Command): void {
  retention
    .command("apply")
    .description("delete what the plan names; exit code 3 when a guard refuses")
    .option("--system <name>", "only this system")
    .option("--plan <id>", "exactly the plan that was shown; refused when it no longer fits")
    .option("--over-cap <phrase>", "go beyond the cap: the phrase that the plan tells")
    .option("--reason <text>", "why it goes beyond the cap")
    .option("--wait", "follow it to its end")
    .action((options: ApplyOptions, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const isOne = options.system !== undefined;
        if (!isOne && (options.plan !== undefined || options.overCap !== undefined)) {
          throw new ValidationError([{ path: "system", message: "a plan, and its cap, are of one system: name it" }]);
        }
        const { plans } = await planRetention(ctx, isOne ? { system: options.system } : {});
        const answers: Answer[] = [];
        for (const plan of plans) answers.push(await applyOne(ctx, plan, options));
        return joinAnswers(answers);
      }),
    );
}

async function applyOne(ctx: Ctx, plan: RetentionPlan, options: ApplyOptions): Promise<Answer> {
  const { system } = plan;
  const isEmpty = plan.freezes.length === 0 && plan.dueCount === 0 && options.plan === undefined;
  if (isEmpty) return { json: { system, state: "nothing" }, text: [`${system}: nothing is due`] };
  try {
    const { runId } = await applyRetention(ctx, {
      system,
      plan: options.plan ?? plan.plan,
      ...(options.overCap === undefined ? {} : { override: { phrase: options.overCap, reason: options.reason ?? "" } }),
    });
    const answer = await answerRun(ctx, runId, { wait: options.wait, describe: (run) => run.result ?? {} });
    return { ...answer, json: { system, ...answer.json } };
  } catch (error) {
    // With several systems, what a guard says of one must not hide what became of the others.
    if (!(error instanceof RefusedError) || options.system !== undefined) throw error;
    const { code, message, hint } = error;
    return {
      json: { system, state: "refused", error: { code, message, hint } },
      text: [`${system}: refused: ${message}. ${hint ?? ""}`],
      exitCode: REFUSED,
    };
  }
}

function joinAnswers(answers: readonly Answer[]): Answer {
  return {
    json: { systems: answers.map((answer) => answer.json) },
    text: answers.flatMap((answer) => answer.text),
    exitCode: Math.max(0, ...answers.map((answer) => answer.exitCode ?? 0)),
  };
}

function addLift(retention: Command): void {
  retention
    .command("lift")
    .description("let a frozen system's retention go on")
    .argument("<system>")
    .requiredOption("--reason <text>", "why nothing that is deleted now will be missed")
    .option("--cause <id...>", "only these, as the plan tells them")
    .action((system: string, options: { reason: string; cause?: string[] }, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const { plans } = await planRetention(ctx, { system });
        const causes = options.cause ?? plans.flatMap((plan) => plan.freezes.map((freeze) => freeze.cause));
        if (causes.length === 0) return { json: { lifted: 0, left: 0 }, text: [`${system} is not frozen`] };
        const lifted = await liftFreezes(ctx, { system, causes, reason: options.reason });
        return { json: lifted, text: [`${formatCountOf(lifted.lifted, "cause")} lifted, ${lifted.left} left`] };
      }),
    );
}

function describePlan(plan: RetentionPlan): string[] {
  const { system, freezes, removals, kept, clockTrouble, cap } = plan;
  return [
    `${system}: ${formatCountOf(plan.dueCount, "deletion")} due, ${formatBytes(plan.dueBytes)}; plan ${plan.plan}`,
    ...freezes.map((freeze) => `  frozen since ${freeze.at}: ${freeze.message} (${freeze.cause})`),
    ...(clockTrouble === null ? [] : [`  refused: ${clockTrouble}`]),
    ...(cap === null ? [] : [`  beyond the cap: ${cap.message}; to go on: --over-cap "${cap.phrase}" --reason TEXT`]),
    ...table([
      ...removals.map((each) => [
        each.isDue ? "  delete" : `  waits until ${each.notBefore}`,
        each.repository,
        each.title,
        each.at,
        formatBytes(each.sizeBytes),
        each.reason,
        each.subject,
      ]),
      ...kept.map((each) => [
        "  keep",
        each.repository,
        each.title,
        each.at,
        formatBytes(each.sizeBytes),
        each.reason,
        each.subject,
      ]),
    ]),
  ];
}
