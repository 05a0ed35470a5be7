"use client";

import Link from "next/link";
import { useRouter } from "next/navigation";
import { startBackup, startVerification } from "@/app/(console)/actions";
import { useAction } from "@/app/_client/use-action";
import { PageHeading, PageTitle } from "@/components/patterns/pane";
import { ErrorNote } from "@/components/patterns/states";
import { Button, buttonStyles } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { MenuItem, MenuPopup, MenuRoot, MenuTrigger } from "@/components/ui/menu";
import type { SystemDetail } from "@/lib/systems/schemas";
import { SystemStatus } from "../systems-table";

const OBJECT = { level: "object", label: "By its objects: read, decrypt, compare digests" } as const;

const LEVELS = {
  database: [
    { level: "restore", label: "By a restore: load it, compare every table" },
    { level: "replay", label: "By a replay: restore, then apply the log" },
    OBJECT,
  ],
  tree: [{ level: "restore", label: "By a restore: unpack it, compare every file" }, OBJECT],
} as const;

const KIND = { mariadb: "MariaDB", files: "files", git: "code", service: "service" } as const;

interface SystemTitleProps {
  system: SystemDetail;
  mayBackUp: boolean;
  mayVerify: boolean;
  mayRestore: boolean;
}

export function SystemTitle({ system, mayBackUp, mayVerify, mayRestore }: SystemTitleProps) {
  const router = useRouter();
  const options = { onDone: ({ runId }: { runId: string }) => router.push(`/runs/${runId}`) };
  const backup = useAction(startBackup, options);
  const verification = useAction(startVerification, options);
  const failure = backup.failure ?? verification.failure;
  return (
    <>
      <PageTitle
        acts={
          <>
            {mayBackUp && (
              <Button
                disabled={backup.isPending || system.state === "failed"}
                focusableWhenDisabled
                title={system.state === "failed" ? "The source does not answer" : undefined}
                onClick={() => backup.run({ system: system.name, type: "full" })}
              >
                Back up now
              </Button>
            )}
            {/* A database has its own form below, with the point. */}
            {mayRestore && system.kind !== "mariadb" && (
              <Link href={`/recovery/restore?system=${system.name}&to=dir:`} className={buttonStyles()}>
                <Icon name="restore" />
                Restore a copy
              </Link>
            )}
            {mayVerify && (
              <MenuRoot>
                <MenuTrigger
                  render={
                    <Button disabled={verification.isPending} focusableWhenDisabled>
                      Verify
                      <Icon name="down" className="size-3" />
                    </Button>
                  }
                />
                <MenuPopup>
                  {LEVELS[system.kind === "mariadb" ? "database" : "tree"].map(({ level, label }) => (
                    <MenuItem key={level} onClick={() => verification.run({ system: system.name, level })}>
                      {label}
                    </MenuItem>
                  ))}
                </MenuPopup>
              </MenuRoot>
            )}
          </>
        }
      >
        <PageHeading>{system.title}</PageHeading>
        <SystemStatus system={system} />
        <span className="truncate text-ink-3 phone:flex-[1_0_100%] phone:text-12">{describe(system)}</span>
      </PageTitle>
      {system.stateReason && system.state !== "ok" && (
        <p className="border-t border-line px-4 py-1.5 text-12 text-ink-2 phone:px-3">{system.stateReason}</p>
      )}
      {failure && <ErrorNote failure={failure} className="border-t border-line px-4 py-2 phone:px-3" />}
    </>
  );
}

/** `MariaDB 10.11.14 at 127.0.0.1:3306, critical, owner dba@example.com`. */
function describe(system: SystemDetail): string {
  const version = system.server?.version?.replace(/-MariaDB.*$/, "");
  const parts = [
    system.server
      ? `${KIND[system.kind]}${version ? ` ${version}` : ""} at ${system.server.address}`
      : KIND[system.kind],
    system.impact,
    system.owner ? `owner ${system.owner}` : null,
    system.deputy ? `deputy ${system.deputy}` : null,
  ];
  return parts.filter(Boolean).join(", ");
}
