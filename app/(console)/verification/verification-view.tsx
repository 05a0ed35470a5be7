"use client";

import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { startSelfTest } from "@/app/(console)/actions";
import { findingsQuery, systemsQuery, verifierQuery } from "@/app/_client/queries";
import { useAction } from "@/app/_client/use-action";
import { Fact, Facts, PageHeading, PageTitle } from "@/components/patterns/pane";
import { ErrorNote } from "@/components/patterns/states";
import { Glyph } from "@/components/patterns/status";
import { Age } from "@/components/patterns/time";
import { Button } from "@/components/ui/button";
import { formatCountOf } from "@/lib/kernel/format";
import type { SystemSummary } from "@/lib/systems/schemas";
import type { VerifierView } from "@/lib/verification/schemas";
import { byDanger } from "../systems/system-order";
import { Findings } from "./findings";
import { History } from "./history";
import { OPEN_FINDINGS } from "./search-params";
import { VERDICTS_BY_GRAVITY, VERDICT_TONE, VERDICT_WORD, VERIFIER_TONE, VERIFIER_WORD } from "./verdict-status";
import { VerifierTest } from "./verifier-test";

interface VerificationViewProps {
  mayTest: boolean;
  mayManage: boolean;
}

/** What was proven of the backups, what was found on the way, and whether the verifier itself can be believed. */
export function VerificationView({ mayTest, mayManage }: VerificationViewProps) {
  const router = useRouter();
  const verifier = useQuery(verifierQuery()).data;
  const systems = useQuery(systemsQuery()).data?.systems ?? [];
  const test = useAction(startSelfTest, { onDone: ({ runId }) => router.push(`/runs/${runId}`) });
  return (
    <>
      <PageTitle
        acts={
          mayTest && (
            <Button disabled={test.isPending} focusableWhenDisabled onClick={() => test.run(null)}>
              Test the verifier
            </Button>
          )
        }
      >
        <PageHeading>Verification</PageHeading>
        <span className="text-ink-3">a backup counts only when it was proven</span>
      </PageTitle>
      {test.failure && <ErrorNote failure={test.failure} className="border-t border-line px-4 py-2 phone:px-3" />}
      <Summary verifier={verifier} systems={byDanger(systems).filter((system) => system.kind !== "service")} />
      <Findings mayManage={mayManage} />
      <History systems={systems.map((system) => system.name)} />
      {verifier && <VerifierTest verifier={verifier} />}
    </>
  );
}

interface SummaryProps {
  verifier: VerifierView | undefined;
  systems: readonly SystemSummary[];
}

/** The verifier, what is open, and what the systems are known by. */
function Summary({ verifier, systems }: SummaryProps) {
  const findings = useQuery(findingsQuery(OPEN_FINDINGS)).data?.findings ?? [];
  const overdue = findings.filter((finding) => finding.isOverdue).length;
  const state = verifier?.state ?? "unknown";
  return (
    <Facts columns={4}>
      <Fact
        name="The verifier itself"
        evidence={verifier?.testedAt ? <Age at={verifier.testedAt} suffix=" ago" /> : "never tested"}
      >
        <Glyph tone={VERIFIER_TONE[state]} />
        <b>{VERIFIER_WORD[state]}</b>
      </Fact>
      <Fact name="Open findings" evidence={overdue > 0 ? `${overdue} overdue` : "none overdue"}>
        {findings.length > 0 && <Glyph tone={overdue > 0 ? "failed" : "warning"} />}
        <b>{findings.length}</b>
      </Fact>
      <Proven systems={systems} />
      <NewestVerdicts systems={systems} />
    </Facts>
  );
}

/** How many a restore has proven, and whose proof is the oldest. */
function Proven({ systems }: { systems: readonly SystemSummary[] }) {
  const proven = systems.flatMap(({ title, lastProvenAt }) => (lastProvenAt ? [{ title, at: lastProvenAt }] : []));
  const never = systems.filter(({ lastProvenAt }) => lastProvenAt === null);
  const [oldest] = proven.toSorted((one, other) => one.at.localeCompare(other.at));
  return (
    <Fact
      name="Proven by a restore"
      evidence={
        never.length > 0
          ? `never: ${never.map(({ title }) => title).join(", ")}`
          : oldest && <Age at={oldest.at} suffix={` ago the oldest, ${oldest.title}`} />
      }
    >
      <Glyph tone={never.length === 0 ? "ok" : "unknown"} />
      <b>{proven.length}</b> of {formatCountOf(systems.length, "system")}
    </Fact>
  );
}

/** The gravest of the newest verdicts, and on whom; none is no good news. */
function NewestVerdicts({ systems }: { systems: readonly SystemSummary[] }) {
  const known = systems.filter(({ newestVerdict }) => newestVerdict !== null);
  const gravest = VERDICTS_BY_GRAVITY.find((verdict) => known.some((system) => system.newestVerdict === verdict));
  const concerned = known.filter(({ newestVerdict }) => newestVerdict === gravest);
  return (
    <Fact
      name="Newest verdicts"
      evidence={
        gravest === "pass"
          ? `on ${formatCountOf(known.length, "system")}`
          : concerned.map(({ title }) => title).join(", ")
      }
    >
      <Glyph tone={gravest ? VERDICT_TONE[gravest] : "unknown"} />
      <b>{gravest ? VERDICT_WORD[gravest] : "Never verified"}</b>
    </Fact>
  );
}
