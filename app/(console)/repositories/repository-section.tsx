"use client";

import Link from "next/link";
import { useRouter } from "next/navigation";
import { startCheck, startRepair } from "@/app/(console)/actions";
import { useAction } from "@/app/_client/use-action";
import { Hash } from "@/components/patterns/copy";
import { ErrorNote } from "@/components/patterns/states";
import { Status } from "@/components/patterns/status";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { MenuItem, MenuPopup, MenuRoot, MenuTrigger } from "@/components/ui/menu";
import type { RepositoryDetail } from "@/lib/copies/schemas";
import { RepositoryFacts } from "./repository-facts";
import { healthOf } from "./repository-status";

interface RepositorySectionProps {
  repository: RepositoryDetail;
  mayCheck: boolean;
  mayRepair: boolean;
}

/** One repository: what it is, what to do about it, and what is known of it. */
export function RepositorySection({ repository, mayCheck, mayRepair }: RepositorySectionProps) {
  const { name } = repository;
  const { tone, word } = healthOf(repository);
  const router = useRouter();
  const options = { onDone: ({ runId }: { runId: string }) => router.push(`/runs/${runId}`) };
  const check = useAction(startCheck, options);
  const repair = useAction(startRepair, options);
  const failure = check.failure ?? repair.failure;
  const isBusy = check.isPending || repair.isPending || repository.openRunId !== null;
  return (
    <section aria-label={`Repository ${name}`}>
      <div className="flex min-h-[46px] items-center gap-3 px-4 whitespace-nowrap phone:flex-wrap phone:gap-x-2.5 phone:gap-y-1 phone:px-3 phone:py-2.5 phone:whitespace-normal">
        <h2 className="text-14 font-semibold">{name}</h2>
        <Status tone={tone}>
          {repository.openRunId ? <Link href={`/runs/${repository.openRunId}`}>{word}</Link> : word}
        </Status>
        <span className="truncate text-ink-3 phone:flex-[1_0_100%] phone:text-12 phone:[overflow-wrap:anywhere] phone:whitespace-normal">
          {repository.kind}, {repository.location}
          {repository.site ? `, site ${repository.site}` : ""}
        </span>
        {repository.identity && (
          <span className="inline-flex items-center text-12 text-ink-3">
            identity&nbsp;
            <Hash value={repository.identity} label={`Copy the identity of ${name}`} />
          </span>
        )}
        <div className="ml-auto flex gap-2 phone:ml-0 phone:w-full phone:[&>*]:flex-1">
          {mayCheck && (
            <MenuRoot>
              <MenuTrigger
                render={
                  <Button disabled={isBusy} focusableWhenDisabled aria-label={`Check ${name}`}>
                    Check
                    <Icon name="down" className="size-3" />
                  </Button>
                }
              />
              <MenuPopup>
                <MenuItem onClick={() => check.run({ repository: name, read: "share" })}>
                  Every object, and a random share of the bytes
                </MenuItem>
                <MenuItem onClick={() => check.run({ repository: name, read: "all" })}>
                  Every object and every byte
                </MenuItem>
              </MenuPopup>
            </MenuRoot>
          )}
          {mayRepair && (
            <Button
              disabled={isBusy}
              focusableWhenDisabled
              aria-label={`Repair ${name}`}
              title="Copies what is missing or damaged here from the other repositories"
              onClick={() => repair.run({ repository: name })}
            >
              Repair
            </Button>
          )}
        </div>
      </div>
      {repository.checkError && (
        <p className="border-t border-line px-4 py-1.5 text-12 text-ink-2 phone:px-3">{repository.checkError}</p>
      )}
      {failure && <ErrorNote failure={failure} className="border-t border-line px-4 py-2 phone:px-3" />}
      <RepositoryFacts repository={repository} />
    </section>
  );
}
