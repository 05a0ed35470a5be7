"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { latestAuditQuery, repositoriesQuery } from "@/app/_client/queries";
import { actorWords } from "@/components/patterns/actor";
import { Pane, PaneHead } from "@/components/patterns/pane";
import { Severity } from "@/components/patterns/severity";
import { ErrorNote } from "@/components/patterns/states";
import { Glyph } from "@/components/patterns/status";
import { Age } from "@/components/patterns/time";
import { formatBytes, formatCount } from "@/lib/kernel/format";
import { repositoryHealth } from "../backups/repository-health";

/** Who did what last. */
export function AuditPane() {
  const { data, error, refetch } = useQuery(latestAuditQuery());
  return (
    <Pane label="Audit log">
      <PaneHead title="Audit log" scope="newest" more={<Link href="/audit">Open</Link>} />
      {error && !data && <ErrorNote failure={error} onRetry={() => void refetch()} className="" />}
      <ul>
        {data?.events.map((event) => (
          <li key={event.id} className="flex h-6 items-center gap-2 phone:h-8 tall:h-7">
            <Severity value={event.severity} />
            <Link
              href={`/audit?event=${event.id}`}
              className="inline-flex min-h-6 items-center font-medium whitespace-nowrap hover:underline"
            >
              {event.action}
            </Link>
            <span className="truncate text-ink-3">{actorWords(event.actor.label)}</span>
            <Age at={event.receivedAt} suffix=" ago" className="ml-auto text-12 whitespace-nowrap text-ink-3" />
          </li>
        ))}
      </ul>
    </Pane>
  );
}

/** Where the backups lie, and whether it answers. */
export function StoragePane() {
  const { data, error, refetch } = useQuery(repositoriesQuery());
  return (
    <Pane label="Storage">
      <PaneHead title="Storage" more={<Link href="/backups">Backups</Link>} />
      {error && !data && <ErrorNote failure={error} onRetry={() => void refetch()} className="" />}
      {data?.repositories.length === 0 && <p className="text-ink-3">No repository is declared.</p>}
      <ul className="text-12">
        {data?.repositories.map((repository) => (
          <li
            key={repository.name}
            className="grid h-[22px] grid-cols-[12px_68px_minmax(0,1fr)_auto] items-center gap-2 tall:h-[26px]"
          >
            <Glyph tone={repositoryHealth(repository).tone} label={repositoryHealth(repository).word} />
            <span className="truncate">{repository.name}</span>
            <span className="truncate text-ink-3" title={repository.checkError ?? repository.location}>
              {repository.checkError ?? repository.location}
            </span>
            <span className="whitespace-nowrap">
              {formatBytes(repository.storedBytes)}{" "}
              <span className="text-ink-3">in {formatCount(repository.backups)}</span>
            </span>
          </li>
        ))}
      </ul>
    </Pane>
  );
}
