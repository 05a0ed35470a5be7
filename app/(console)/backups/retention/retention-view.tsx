"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { retentionQuery } from "@/app/_client/queries";
import { PageHeading, PageTitle } from "@/components/patterns/pane";
import { Empty, Loaded } from "@/components/patterns/states";
import { SystemPlan } from "./system-plan";

export interface Rights {
  mayApply: boolean;
  mayLift: boolean;
}

/** What retention would delete, from where, when and why; and what stays although its time has passed. */
export function RetentionView(rights: Rights) {
  const retention = useQuery(retentionQuery());
  return (
    <>
      <PageTitle>
        <PageHeading>Retention</PageHeading>
        <span className="text-ink-3">what goes by its age, and what stays although it is old</span>
      </PageTitle>
      <Loaded answer={retention} rows={8}>
        {({ plans }) =>
          plans.length === 0 ? (
            <NoPlan />
          ) : (
            plans.map((plan) => <SystemPlan key={plan.system} plan={plan} {...rights} />)
          )
        }
      </Loaded>
    </>
  );
}

function NoPlan() {
  return (
    <Empty title="Nothing is backed up yet">
      <p>
        Retention deletes backups and logs that are older than their declared retain. Declare a system with backups
        first:{" "}
        <Link href="/systems" className="link">
          systems
        </Link>
        .
      </p>
    </Empty>
  );
}
