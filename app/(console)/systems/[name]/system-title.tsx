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
import { hasLog } from "../system-order";
import { SystemStatus } from "../systems-table";

type Level = "object" | "restore" | "replay";

const WORDS: Record<"database" | "tree", Record<Level, string>> = {
  database: {
    restore: "By a restore: load it, compare every table",
    replay: "By a replay: restore, then apply the log",
    object: "By its objects: read, decrypt, compare digests",
  },
  tree: {
    restore: "By a restore: unpack it, compare every file",
    replay: "By a replay: restore, then bring its logs forward",
    object: "By its objects: read, decrypt, compare digests",
  },
};

/** What can be proven of it: a replay only where a log is kept. */
function levelsOf(system: SystemDetail): { level: Level; label: string }[] {
  const words = WORDS[system.kind === "mariadb" ? "database" : "tree"];
  const levels: Level[] = hasLog(system) ? ["restore", "replay", "object"] : ["restore", "object"];
  return levels.map((level) => ({ level, label: words[level] }));
}

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
              <Link href={`/recovery/restore?system=${system.name}`} className={buttonStyles()}>
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
                  {levelsOf(system).map(({ level, label }) => (
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
        <span className="truncate text-ink-3 phone:flex-[1_0_100%] phone:text-12" title={describe(system)}>
          {describe(system)}
        </span>
      </PageTitle>
      {system.stateReason && system.state !== "ok" && (
        <p className="border-t border-line px-4 py-1.5 text-12 text-ink-2 phone:px-3">{system.stateReason}</p>
      )}
      {failure && <ErrorNote failure={failure} className="border-t border-line px-4 py-2 phone:px-3" />}
    </>
  );
}

/** `MariaDB 10.11.14 at 127.0.0.1:3306, critical, owner dba@example.com`; `files in /srv/app: config, routes, …`. */
function describe(system: SystemDetail): string {
  const parts = [
    whatAndWhere(system),
    system.tree?.holdsSecrets && "encrypted always",
    system.impact,
    system.owner && `owner ${system.owner}`,
    system.deputy && `deputy ${system.deputy}`,
  ];
  return parts.filter(Boolean).join(", ");
}

function whatAndWhere({ kind, server, tree }: SystemDetail): string {
  if (tree) {
    const of = tree.tag === null ? KIND[kind] : `${KIND[kind]} of ${tree.tag}`;
    return `${of} in ${tree.path}${tree.include.length > 0 ? `: ${tree.include.join(", ")}` : ""}`;
  }
  if (!server) return KIND[kind];
  const version = server.version?.replace(/-MariaDB.*$/, "");
  return `${KIND[kind]}${version ? ` ${version}` : ""} at ${server.address}`;
}
