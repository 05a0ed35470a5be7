"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { backupsQuery, systemQuery } from "@/app/_client/queries";
import { PaneHead } from "@/components/patterns/pane";
import { RecoveryLine } from "@/components/patterns/recovery-line";
import { Empty, ErrorNote, Skeleton } from "@/components/patterns/states";
import { BackupsTable } from "../../backups/backups-table";
import { disruptionOf } from "../system-order";
import { Hazards } from "./hazards";
import { PointForm } from "./point-form";
import { SystemFacts } from "./system-facts";
import { SystemTitle } from "./system-title";

interface SystemViewProps {
  name: string;
  mayBackUp: boolean;
  mayVerify: boolean;
  mayRestore: boolean;
}

/** What can be restored, to which instant, from which repository, proven how. */
export function SystemView({ name, mayBackUp, mayVerify, mayRestore }: SystemViewProps) {
  const { data: system, error, refetch } = useQuery(systemQuery(name));
  const backups = useQuery(backupsQuery({ system: name, limit: 30 }));
  if (!system) return error ? <ErrorNote failure={error} onRetry={() => void refetch()} /> : <Skeleton rows={8} />;
  if (system.kind === "service") {
    return (
      <>
        <SystemTitle system={system} mayBackUp={false} mayVerify={false} />
        <Empty title="Nothing is backed up here, by decision">
          <p>{system.decision}</p>
        </Empty>
      </>
    );
  }
  const list = backups.data?.backups ?? [];
  return (
    <>
      <SystemTitle system={system} mayBackUp={mayBackUp} mayVerify={mayVerify} />
      <SystemFacts system={system} />
      <RecoveryLine
        lanes={system.lanes}
        gaps={system.gaps}
        heartbeatAt={system.heartbeatAt}
        disruptionAt={disruptionOf(system)}
        pointMs={null}
      />
      <PointForm system={system} mayRestore={mayRestore} />
      <Hazards system={system} />
      <section aria-label="Backups" className="border-t border-line">
        <PaneHead
          title="Backups"
          scope={backups.data ? (backups.data.nextCursor ? `newest ${list.length}` : list.length) : null}
          more={<Link href={`/backups?system=${system.name}`}>All backups</Link>}
          className="px-4 phone:px-3"
        />
        {backups.error && !backups.data && <ErrorNote failure={backups.error} onRetry={() => void backups.refetch()} />}
        {!backups.data && !backups.error && <Skeleton rows={4} />}
        {backups.data && list.length === 0 && (
          <Empty title="No backup yet">
            <p>The first full backup makes every second after it recoverable, as far as the log is shipped.</p>
          </Empty>
        )}
        {list.length > 0 && <BackupsTable backups={list} hasSystem={false} />}
      </section>
    </>
  );
}
