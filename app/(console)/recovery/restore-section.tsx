"use client";

import Link from "next/link";
import { useQueryStates } from "nuqs";
import { PaneHead } from "@/components/patterns/pane";
import { buttonStyles } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { recoverySearch } from "./search-params";

/** A restore beside production: into a throw-away server, a directory, or a target that was declared for it. */
export function RestoreSection({ mayRestore }: { mayRestore: boolean }) {
  const [{ system, at, from }] = useQueryStates(recoverySearch);
  const query = new URLSearchParams({
    ...(system ? { system } : {}),
    ...(at ? { at } : {}),
    ...(from ? { from } : {}),
  });
  return (
    <section aria-label="Restore beside production" className="border-y border-line px-4 pb-3 phone:px-3">
      <PaneHead
        title="Restore beside production"
        scope="a copy to look into; nothing of production changes"
        className="phone:h-auto! phone:flex-wrap phone:py-2"
      />
      {mayRestore ? (
        <div className="flex flex-wrap items-center gap-3">
          <Link
            href={`/recovery/restore${query.size > 0 ? `?${query.toString()}` : ""}`}
            className={buttonStyles({ className: "phone:w-full" })}
          >
            <Icon name="restore" />
            Restore a copy
          </Link>
          <span className="text-ink-3">
            Choose {system ? "" : "the system, "}the point and the target; what it fetches and how long it takes is
            shown before it starts.
          </span>
        </div>
      ) : (
        <p className="text-ink-3">Your role may not restore; an operator or an administrator can.</p>
      )}
    </section>
  );
}
