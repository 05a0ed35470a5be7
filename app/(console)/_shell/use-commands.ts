"use client";

import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { openRunsQuery, recentRunsQuery, runbooksQuery, systemsQuery } from "@/app/_client/queries";
import { keysText } from "@/components/patterns/shortcuts";
import type { Command, CommandGroup } from "@/components/patterns/command-palette";
import type { RunbookView } from "@/lib/runbooks/schemas";
import { sectionsFor, type Reader } from "./sections";

/** Everything that the palette offers. Lists are asked for only while it is open. */
export function useCommands(reader: Reader, isOpen: boolean): CommandGroup[] {
  const router = useRouter();
  const systems = useQuery(systemsQuery());
  const open = useQuery(openRunsQuery());
  const recent = useQuery({ ...recentRunsQuery(), enabled: isOpen });
  const runbooks = useQuery({ ...runbooksQuery(), enabled: isOpen });
  const go = (href: string) => () => router.push(href);
  const runs = [...(open.data?.runs ?? []), ...(recent.data?.runs ?? [])];
  const unique = runs.filter((run, index) => runs.findIndex((other) => other.id === run.id) === index);
  const groups: CommandGroup[] = [
    {
      value: "Go to",
      items: sectionsFor(reader).map(({ id, title, href, key }) => ({
        id,
        label: title,
        hint: keysText(`g ${key}`),
        onSelect: go(href),
      })),
    },
    {
      value: "Systems",
      items: (systems.data?.systems ?? []).map((system) => ({
        id: `system-${system.name}`,
        label: system.title,
        keywords: `${system.name} system`,
        hint: system.stateWord,
        onSelect: go(`/systems/${system.name}`),
      })),
    },
    { value: "Run", items: (runbooks.data?.runbooks ?? []).flatMap((runbook) => runbookCommands(runbook, reader, go)) },
    {
      value: "Recent runs",
      items: unique.slice(0, 8).map((run) => ({
        id: `run-${run.id}`,
        label: run.title,
        keywords: `run ${run.kind} ${run.id}`,
        hint: run.state,
        onSelect: go(`/runs/${run.id}`),
      })),
    },
  ];
  return groups.filter((group) => group.items.length > 0);
}

type Go = (href: string) => () => void;

function runbookCommands(runbook: RunbookView, reader: Reader, go: Go): Command[] {
  const open: Command = {
    id: `runbook-${runbook.id}`,
    label: `Runbook: ${runbook.title}`,
    keywords: `recovery ${runbook.system}`,
    onSelect: go(`/recovery#${runbook.id}`),
  };
  if (!reader.mayStartDrill) return [open];
  const drill: Command = {
    id: `drill-${runbook.id}`,
    label: `Start drill: ${runbook.title}`,
    keywords: `runbook rehearse ${runbook.system}`,
    onSelect: go(`/recovery?drill=${runbook.id}`),
  };
  return [drill, open];
}
