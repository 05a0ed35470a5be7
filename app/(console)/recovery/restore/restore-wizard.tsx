"use client";

import { useQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { restorePreviewQuery } from "@/app/_client/queries";
import { PageHeading, PageTitle } from "@/components/patterns/pane";
import { useNow } from "@/components/patterns/clock";
import { ErrorNote, Loaded } from "@/components/patterns/states";
import { Button } from "@/components/ui/button";
import type { SystemSummary } from "@/lib/systems/schemas";
import { readPoint } from "../../systems/[name]/point-text";
import { CheckStep } from "./check-step";
import { PointStep } from "./point-step";
import { previewInput, restoreSearch, STEPS, stepOf, targetOf, type WizardStep } from "./search-params";
import { SystemStep } from "./system-step";
import { TargetStep, type TargetChoice } from "./target-step";

interface RestoreWizardProps {
  systems: readonly SystemSummary[];
  targets: readonly TargetChoice[];
  mayRestore: boolean;
}

const TITLE: Record<WizardStep, string> = { system: "System", point: "Point", target: "Target", check: "Check" };

/** System, point, target, check, start. Every choice stands in the URL, so that back goes one step back. */
export function RestoreWizard({ systems, targets, mayRestore }: RestoreWizardProps) {
  const [search, setSearch] = useQueryStates(restoreSearch, { history: "push", scroll: false });
  const chosen = systems.find((system) => system.name === search.system);
  const isServer = chosen?.kind === "mariadb";
  const to = targetOf(search.to, isServer);
  const step = stepOf({ ...search, to });
  const title = chosen?.title ?? search.system;
  const go = (next: WizardStep) => void setSearch({ step: next });
  return (
    <>
      <PageTitle>
        <PageHeading>Restore {step === "system" ? "a copy" : title}</PageHeading>
        <span className="text-ink-3">beside production: a copy to look into, nothing of production changes</span>
      </PageTitle>
      <Steps current={step} hasSystem={search.system !== null} onGo={go} />
      {step === "system" && (
        <SystemStep
          systems={systems}
          onChoose={({ name }) => void setSearch({ system: name, step: "point", at: null, from: null, to: null })}
        />
      )}
      {step === "point" && search.system && <PointStep system={search.system} to={to} onNext={() => go("target")} />}
      {step === "target" && <TargetStep targets={targets} to={to} isServer={isServer} onNext={() => go("check")} />}
      {step === "check" && <Check to={to} mayRestore={mayRestore} onPoint={() => go("point")} />}
    </>
  );
}

function Check({ to, mayRestore, onPoint }: { to: string; mayRestore: boolean; onPoint: () => void }) {
  const [search] = useQueryStates(restoreSearch);
  const point = readPoint(search.at, useNow(60_000));
  const preview = useQuery({ ...restorePreviewQuery(previewInput({ ...search, to })), enabled: point.kind !== "bad" });
  if (point.kind === "bad") {
    return (
      <div className="border-t border-line p-4 phone:p-3">
        <ErrorNote failure={{ message: point.reason, hint: "Choose the point again." }} className="pb-3" />
        <Button onClick={onPoint}>Back to the point</Button>
      </div>
    );
  }
  return (
    <Loaded answer={preview} rows={6}>
      {(data) => <CheckStep preview={data} to={to} mayRestore={mayRestore} />}
    </Loaded>
  );
}

interface StepsProps {
  current: WizardStep;
  hasSystem: boolean;
  onGo: (step: WizardStep) => void;
}

/** Where one is; any step can be gone to once a system is chosen. */
function Steps({ current, hasSystem, onGo }: StepsProps) {
  const place = STEPS.indexOf(current);
  return (
    <nav aria-label="Steps" className="border-t border-line px-4 phone:px-3">
      <ol className="flex h-10 items-center gap-1 phone:h-12">
        {STEPS.map((step, index) => (
          <li key={step} className="flex items-center gap-1">
            {index > 0 && <span aria-hidden="true" className="w-4 border-t border-line-2 phone:w-2" />}
            <button
              type="button"
              disabled={index > 0 && !hasSystem}
              {...(index === place ? { "aria-current": "step" as const } : {})}
              className={`inline-flex h-7 items-center gap-1.5 rounded-1 px-2 phone:h-9 ${index === place ? "bg-pressed font-medium" : index < place ? "text-ink-2 hover:bg-hover" : "text-ink-3 enabled:hover:bg-hover"}`}
              onClick={() => onGo(step)}
            >
              <span className="text-12 text-ink-3">{index + 1}</span>
              {TITLE[step]}
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}
