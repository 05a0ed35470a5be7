"use client";

import Link from "next/link";
import { useNow, useZone } from "@/components/patterns/clock";
import { formatInstant } from "@/components/patterns/instant";
import { Glyph, type Tone } from "@/components/patterns/status";
import { Age, Elapsed } from "@/components/patterns/time";
import { Figure, Verdict, VerdictRow } from "@/components/patterns/verdict";
import { buttonStyles } from "@/components/ui/button";
import { formatAge, formatDuration, formatTarget } from "@/lib/kernel/format";
import type { DrillPeriods, DrillTaskView } from "@/lib/drills/schemas";
import type { RunSummary } from "@/lib/runs/schemas";
import type { SystemSummary } from "@/lib/systems/schemas";
import { ExposureValue } from "../systems/exposure";
import { byDanger } from "../systems/system-order";

interface VerdictsProps {
  systems: readonly SystemSummary[];
  runs: readonly RunSummary[];
  drills: DrillPeriods | undefined;
  /** How many are open. */
  alerts: number;
}

/** Four questions before anything else: danger, proof, cost, what is due. */
export function Verdicts({ systems, runs, drills, alerts }: VerdictsProps) {
  return (
    <VerdictRow>
      <Danger systems={systems} alerts={alerts} />
      <Proof systems={systems} />
      <Cost systems={systems} />
      <Due runs={runs} tasks={drills?.periods.flatMap((period) => period.tasks) ?? []} />
    </VerdictRow>
  );
}

function Danger({ systems, alerts }: Pick<VerdictsProps, "systems" | "alerts">) {
  const [worst, second] = byDanger(systems).filter(
    ({ state }) => state === "failed" || state === "warning" || state === "unknown",
  );
  if (!worst && alerts > 0) {
    return (
      <Verdict
        question="Is anything in danger?"
        tone="warning"
        answer={`${alerts} ${alerts === 1 ? "alert is" : "alerts are"} open`}
        evidence={<span className="truncate">Every system answers and holds its RPO</span>}
      />
    );
  }
  if (!worst) {
    const answered = systems.filter((system) => system.kind !== "service").length;
    return (
      <Verdict
        question="Is anything in danger?"
        tone={systems.length > 0 ? "ok" : "unknown"}
        answer={systems.length > 0 ? "Nothing is in danger" : "No system is declared"}
        evidence={
          <span className="truncate">
            {answered === 1 ? "1 system answers and holds its RPO" : `${answered} systems answer and hold their RPO`}
          </span>
        }
      />
    );
  }
  return (
    <Verdict
      question="Is anything in danger?"
      tone={worst.state}
      answer={
        <>
          {worst.title} {lowerFirst(worst.stateWord)} {worst.state === "failed" && <Elapsed at={worst.heartbeatAt} />}
        </>
      }
      evidence={
        second ? (
          <>
            <Glyph tone={second.state} label={second.state} />
            <span className="truncate">
              {second.title} {lowerFirst(second.stateWord)}
            </span>
          </>
        ) : (
          <span className="truncate" title={worst.stateReason ?? undefined}>
            {worst.stateReason ?? "Nothing else is in danger"}
          </span>
        )
      }
    />
  );
}

/** "Over RPO" inside a sentence, "OK" as it is. */
function lowerFirst(word: string): string {
  return /^[A-Z][a-z]/.test(word) ? word.charAt(0).toLowerCase() + word.slice(1) : word;
}

/** A proof older than this counts as none. */
const PROOF_MS_MAX = 90 * 86_400_000;

function Proof({ systems }: { systems: readonly SystemSummary[] }) {
  const now = useNow(60_000);
  const { zone } = useZone();
  const backedUp = systems.filter((system) => system.kind !== "service");
  const proven = backedUp.filter(
    (system) => system.lastProvenAt && now - Date.parse(system.lastProvenAt) < PROOF_MS_MAX,
  );
  const missing = backedUp.find((system) => !proven.includes(system));
  const oldest = proven.map((system) => Date.parse(system.lastProvenAt ?? "")).toSorted((a, b) => a - b)[0];
  const foremost = byDanger(backedUp).find((system) => system.recoverableTo);
  const tone: Tone = backedUp.length === 0 ? "unknown" : missing ? (proven.length === 0 ? "unknown" : "warning") : "ok";
  const to = foremost?.recoverableTo
    ? `${foremost.title} to ${formatInstant(Date.parse(foremost.recoverableTo), "time", zone)}`
    : "nothing can be recovered yet";
  const oldestWords = oldest === undefined ? "" : `oldest proof ${formatAge(now - oldest)}, `;
  return (
    <Verdict
      question="Would we come back?"
      tone={tone}
      answer={proven.length === 0 ? "No proof yet" : `${proven.length} of ${backedUp.length} proven by restore`}
      evidence={
        <span className="truncate first-letter:uppercase">
          {missing ? `${missing.title}: no proof in 90 days` : `${oldestWords}${to}`}
        </span>
      }
    />
  );
}

function Cost({ systems }: { systems: readonly SystemSummary[] }) {
  const measured = systems
    .filter((system) => system.rtoActualSeconds !== null)
    .toSorted((one, other) => ratioOf(other) - ratioOf(one))[0];
  const exposed = systems
    .filter((system) => system.recoverableTo && system.rpoTargetSeconds !== null)
    .toSorted((one, other) => exposureRatio(other) - exposureRatio(one))[0];
  return (
    <Verdict
      question="What would it cost?"
      answer={
        <span className="flex gap-4">
          <Figure
            value={measured ? formatDuration((measured.rtoActualSeconds ?? 0) * 1_000) : "?"}
            of={measured ? `of ${formatTarget(measured.rtoTargetSeconds)}` : ""}
            label={measured ? "RTO measured" : "RTO not measured"}
          />
          <Figure
            value={exposed ? <ExposureValue system={exposed} /> : "?"}
            of={exposed ? `of ${formatTarget(exposed.rpoTargetSeconds ?? 0)}` : ""}
            label="RPO right now"
          />
        </span>
      }
    />
  );
}

const ratioOf = (system: SystemSummary) => (system.rtoActualSeconds ?? 0) / system.rtoTargetSeconds;
const exposureRatio = (system: SystemSummary) =>
  (system.exposureSeconds ?? 0) / Math.max(1, system.rpoTargetSeconds ?? 1);

function Due({ runs, tasks }: { runs: readonly RunSummary[]; tasks: readonly DrillTaskView[] }) {
  const { zone } = useZone();
  const waiting = runs.find((run) => run.state === "waiting");
  const overdue = tasks.filter((task) => task.state === "overdue");
  const toSign = tasks.filter((task) => task.state === "done" && task.maySign);
  const due = tasks
    .filter((task) => task.state === "due")
    .toSorted((one, other) => Date.parse(one.dueAt) - Date.parse(other.dueAt));
  const primary = (href: string, word: string) => (
    <Link href={href} className={buttonStyles({ look: "primary" })}>
      {word}
    </Link>
  );
  const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? "" : "s"}`;
  const soonest = due[0]
    ? `${count(due.filter((task) => task.dueAt === due[0]?.dueAt).length, "drill")} by ${formatInstant(Date.parse(due[0].dueAt), "day", zone)}`
    : null;
  const rest = [toSign.length > 0 ? count(toSign.length, "sign-off") : null, soonest].filter(Boolean).join(", ");
  const cell = { question: "What is due?", isFirstOnPhone: true };
  if (waiting) {
    return (
      <Verdict
        {...cell}
        tone="warning"
        answer="A decision waits"
        evidence={
          <span className="truncate">
            {waiting.title}, started <Age at={waiting.queuedAt} suffix=" ago" />
          </span>
        }
        act={primary(`/runs/${waiting.id}`, "Review")}
      />
    );
  }
  if (overdue.length > 0) {
    return (
      <Verdict
        {...cell}
        tone="warning"
        answer={`${count(overdue.length, "drill")} overdue`}
        evidence={rest ? `Then ${rest}` : "Nothing else is due"}
        act={primary("/drills", "Review")}
      />
    );
  }
  if (toSign.length > 0) {
    return (
      <Verdict
        {...cell}
        tone="warning"
        answer={`${count(toSign.length, "sign-off")}`}
        evidence={soonest ? `Then ${soonest}` : "Nothing else is due"}
        act={primary("/drills", "Sign off")}
      />
    );
  }
  if (due[0]) {
    return (
      <Verdict
        {...cell}
        tone="idle"
        answer={soonest}
        evidence={<span className="truncate">First: {due[0].title}</span>}
        act={primary("/drills", "Open")}
      />
    );
  }
  return <Verdict {...cell} tone="ok" answer="Nothing is due" evidence="Every drill of this period is signed off" />;
}
