import Link from "next/link";
import { KeyValue } from "@/components/patterns/pane";
import type { Holdings } from "@/lib/copies/schemas";
import { formatBytes } from "@/lib/kernel/format";

/** What a check found, or a repair mended. */
export interface RepositoryResult {
  repository?: string;
  backups?: Holdings["backups"];
  logs?: Holdings["logs"];
  orphans?: number;
  readBytes?: number;
  mended?: number;
  copiedBytes?: number;
}

export function RepositoryRows({ result }: { result: RepositoryResult }) {
  const { repository, backups, logs, orphans, readBytes, mended, copiedBytes } = result;
  if (!repository) return null;
  const rows: [string, string | undefined][] = [
    ["Backups", backups && countsOf(backups)],
    ["Log files", logs && countsOf(logs)],
    ["Orphans", orphans === undefined ? undefined : String(orphans)],
    ["Compared", readBytes === undefined ? undefined : formatBytes(readBytes)],
    ["Mended", mended === undefined ? undefined : String(mended)],
    ["Copied", copiedBytes === undefined ? undefined : formatBytes(copiedBytes)],
  ];
  return (
    <>
      <KeyValue name="Repository" width="w-[92px]">
        <Link href="/repositories" className="link">
          {repository}
        </Link>
      </KeyValue>
      {rows.map(
        ([name, value]) =>
          value !== undefined && (
            <KeyValue key={name} name={name} width="w-[92px]">
              {value}
            </KeyValue>
          ),
      )}
    </>
  );
}

function countsOf({ present, missing, damaged }: Holdings["backups"]): string {
  return `${present} present, ${missing} missing, ${damaged} damaged`;
}
