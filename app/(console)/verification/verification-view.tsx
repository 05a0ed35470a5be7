"use client";

import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { startSelfTest } from "@/app/(console)/actions";
import { findingsQuery, systemsQuery, verifierQuery } from "@/app/_client/queries";
import { useAction } from "@/app/_client/use-action";
import { Verification } from "@/components/patterns/levels";
import { Fact, Facts, PageHeading, PageTitle } from "@/components/patterns/pane";
import { ErrorNote } from "@/components/patterns/states";
import { Glyph } from "@/components/patterns/status";
import { Age } from "@/components/patterns/time";
import { Button } from "@/components/ui/button";
import type { SystemSummary } from "@/lib/systems/schemas";
import type { VerifierView } from "@/lib/verification/schemas";
import { byDanger } from "../systems/system-order";
import { Findings } from "./findings";
import { History } from "./history";
import { OPEN_FINDINGS } from "./search-params";
import { VERDICT_TONE, VERDICT_WORD, VERIFIER_TONE, VERIFIER_WORD } from "./verdict-status";
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

/** The verifier, what is open, and the newest word on the systems in most danger; four at most, the page's width. */
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
      {systems.slice(0, 2).map((system) => (
        <SystemFact key={system.name} system={system} />
      ))}
    </Facts>
  );
}

function SystemFact({ system }: { system: SystemSummary }) {
  const { newestVerdict, newestVerdictAt, lastProvenAt, lastProvenLevel } = system;
  const level = lastProvenLevel as Parameters<typeof Verification>[0]["level"];
  return (
    <Fact
      name={system.title}
      evidence={<Verification level={level} note={lastProvenAt && <Age at={lastProvenAt} suffix=" ago" />} />}
    >
      <Glyph tone={newestVerdict ? VERDICT_TONE[newestVerdict] : "unknown"} />
      <b>{newestVerdict ? VERDICT_WORD[newestVerdict] : "Never verified"}</b>
      {newestVerdictAt && <Age at={newestVerdictAt} />}
    </Fact>
  );
}
