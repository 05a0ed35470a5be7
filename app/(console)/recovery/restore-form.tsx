"use client";

import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useQueryStates } from "nuqs";
import { useState, type ReactNode } from "react";
import { startRestore } from "@/app/(console)/actions";
import { repositoriesQuery, systemsQuery } from "@/app/_client/queries";
import { useAction } from "@/app/_client/use-action";
import { PaneHead } from "@/components/patterns/pane";
import { ErrorNote } from "@/components/patterns/states";
import { Button } from "@/components/ui/button";
import { Form, Field, Input } from "@/components/ui/field";
import { Icon } from "@/components/ui/icon";
import { Select } from "@/components/ui/select";
import type { SystemSummary } from "@/lib/systems/schemas";
import { readPoint } from "../systems/[name]/point-text";
import { recoverySearch } from "./search-params";

const ANY = "";

interface RestoreProps {
  targets: readonly string[];
  mayRestore: boolean;
}

/** A restore beside production: into a throw-away server, or a target that was declared for it. */
export function RestoreSection({ targets, mayRestore }: RestoreProps) {
  const systems = useQuery(systemsQuery()).data?.systems.filter((system) => system.kind === "mariadb") ?? [];
  return (
    <section aria-label="Restore beside production" className="border-y border-line px-4 pb-4 phone:px-3">
      <PaneHead
        title="Restore beside production"
        scope="a copy to look into; nothing of production changes"
        className="phone:h-auto! phone:flex-wrap phone:py-2"
      />
      {!mayRestore && <p className="text-ink-3">Your role may not restore; an operator or an administrator can.</p>}
      {mayRestore && systems.length === 0 && <p className="text-ink-3">No database is declared.</p>}
      {mayRestore && systems.length > 0 && <RestoreForm systems={systems} targets={targets} />}
    </section>
  );
}

function RestoreForm({ systems, targets }: { systems: readonly SystemSummary[]; targets: readonly string[] }) {
  const router = useRouter();
  const [search, setSearch] = useQueryStates(recoverySearch);
  const repositories = useQuery(repositoriesQuery()).data?.repositories ?? [];
  const [to, setTo] = useState("scratch");
  const [badPoint, setBadPoint] = useState<string | null>(null);
  const restore = useAction(startRestore, { onDone: ({ runId }) => router.push(`/runs/${runId}`) });
  const system = search.system ?? systems[0]?.name ?? "";
  const submit = (values: Record<string, unknown>) => {
    const point = readPoint(String(values["at"]));
    if (point.kind === "bad") return setBadPoint(point.reason);
    setBadPoint(null);
    const reason = String(values["reason"]).trim();
    restore.run({
      system,
      to,
      at: point.point,
      ...(search.from ? { from: search.from } : {}),
      ...(reason ? { reason } : {}),
    });
  };
  const sources = repositories.map(({ name }) => ({ value: name, label: `${name} alone` }));
  return (
    <>
      <Form
        errors={{ ...(badPoint ? { at: badPoint } : {}), ...restore.failure?.fieldErrors }}
        className="flex flex-wrap items-start gap-3"
        onFormSubmit={submit}
      >
        <Labelled label="System">
          <Select
            label="System"
            value={system}
            options={systems.map(({ name, title }) => ({ value: name, label: title }))}
            onChange={(next) => void setSearch({ system: next })}
          />
        </Labelled>
        <div className="w-[216px] phone:w-full">
          <Field name="at" label="Point">
            <Input key={search.at} defaultValue={search.at ?? "latest"} className="mono" spellCheck={false} required />
          </Field>
        </div>
        <Labelled label="From">
          <Select
            label="From"
            value={search.from ?? ANY}
            options={[{ value: ANY, label: "the one that reaches it" }, ...sources]}
            onChange={(next) => void setSearch({ from: next || null })}
          />
        </Labelled>
        <Labelled label="To">
          <Select
            label="To"
            value={to}
            options={[
              { value: "scratch", label: "a throw-away server" },
              ...targets.map((name) => ({ value: name, label: name })),
            ]}
            onChange={setTo}
          />
        </Labelled>
        <div className="min-w-48 flex-1">
          <Field name="reason" label="Reason">
            <Input placeholder="Kept in the audit log" />
          </Field>
        </div>
        <div className="pt-5 phone:w-full phone:pt-0 phone:[&>*]:w-full">
          <Button type="submit" disabled={restore.isPending} focusableWhenDisabled>
            <Icon name="restore" />
            Restore a copy
          </Button>
        </div>
      </Form>
      {restore.failure && <ErrorNote failure={restore.failure} className="mt-3" />}
    </>
  );
}

function Labelled({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="grid justify-items-start gap-1">
      <span aria-hidden="true" className="text-12 text-ink-2">
        {label}
      </span>
      {children}
    </div>
  );
}
