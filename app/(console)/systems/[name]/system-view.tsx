"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { backupsQuery, systemQuery } from "@/app/_client/queries";
import { PaneHead } from "@/components/patterns/pane";
import { RecoveryLine } from "@/components/patterns/recovery-line";
import { Empty, Loaded } from "@/components/patterns/states";
import type { SystemDetail } from "@/lib/systems/schemas";
import { BackupsTable } from "../../backups/backups-table";
import { disruptionOf, pointsOf } from "../system-order";
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
export function SystemView(props: SystemViewProps) {
  const system = useQuery(systemQuery(props.name));
  return (
    <Loaded answer={system} rows={8}>
      {(data) => (data.kind === "service" ? <NotBackedUp system={data} /> : <BackedUp system={data} {...props} />)}
    </Loaded>
  );
}

function NotBackedUp({ system }: { system: SystemDetail }) {
  return (
    <>
      <SystemTitle system={system} mayBackUp={false} mayVerify={false} mayRestore={false} />
      <Empty title="Nothing is backed up here, by decision">
        <p>{system.decision}</p>
        {system.warmUp && <p>After a recovery: {system.warmUp}</p>}
      </Empty>
    </>
  );
}

function BackedUp({ system, mayBackUp, mayVerify, mayRestore }: SystemViewProps & { system: SystemDetail }) {
  return (
    <>
      <SystemTitle system={system} mayBackUp={mayBackUp} mayVerify={mayVerify} mayRestore={mayRestore} />
      <SystemFacts system={system} />
      <RecoveryLine
        lanes={system.lanes}
        points={pointsOf(system)}
        gaps={system.gaps}
        {...(system.kind === "mariadb" ? { heartbeatAt: system.heartbeatAt } : {})}
        disruptionAt={disruptionOf(system)}
        pointMs={null}
      />
      {system.kind === "mariadb" && <PointForm system={system} mayRestore={mayRestore} />}
      <Hazards system={system} />
      <Backups name={system.name} />
    </>
  );
}

function Backups({ name }: { name: string }) {
  const backups = useQuery(backupsQuery({ system: name, limit: 30 }));
  const count = backups.data?.backups.length ?? null;
  return (
    <section aria-label="Backups" className="border-t border-line">
      <PaneHead
        title="Backups"
        scope={backups.data?.nextCursor ? `newest ${count}` : count}
        more={<Link href={`/backups?system=${name}`}>All backups</Link>}
        className="px-4 phone:px-3"
      />
      <Loaded answer={backups} rows={4}>
        {(page) =>
          page.backups.length > 0 ? (
            <BackupsTable backups={page.backups} hasSystem={false} />
          ) : (
            <Empty title="No backup yet">
              <p>
                The first full backup makes it recoverable: a database to every second of the log that is shipped after
                it, files and code as they were when a backup ended.
              </p>
            </Empty>
          )
        }
      </Loaded>
    </section>
  );
}
