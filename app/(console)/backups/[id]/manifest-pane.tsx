"use client";

import { useState } from "react";
import { CopyButton } from "@/components/patterns/copy";
import { PaneHead } from "@/components/patterns/pane";
import { formatBytes, formatCount } from "@/lib/kernel/format";
import { ManifestFacts } from "./manifest-facts";

interface TableFact {
  schema: string;
  table: string;
  rows: number;
  sha256: string;
}

function tablesOf(manifest: Record<string, unknown>): TableFact[] {
  const tables = manifest["tables"];
  return Array.isArray(tables) ? (tables as TableFact[]) : [];
}

const SHOWN = 12;

interface PartFact {
  name: string;
  encrypted: boolean;
  plain: { sizeBytes: number };
  sealed: { sizeBytes: number; sha256: string };
}

/** What of it is counted: tables and rows of a dump, entries of files, refs of code. */
function scopeOf(manifest: Record<string, unknown>, tables: readonly TableFact[]): string {
  if (tables.length > 0) {
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    return `${formatCount(tables.length)} tables, ${formatCount(rows)} rows`;
  }
  if (manifest["method"] === "physical") return "files of the server: no rows are counted";
  const { refs } = manifest;
  return Array.isArray(refs) ? `${formatCount(refs.length)} refs` : "what was stored, part by part";
}

/** Of a backup without tables: its parts as they were read and as they are stored. */
function Parts({ manifest }: { manifest: Record<string, unknown> }) {
  const parts = (Array.isArray(manifest["parts"]) ? manifest["parts"] : []) as PartFact[];
  return (
    <table aria-label="Parts" className="w-full text-12">
      <thead className="text-ink-3">
        <tr className="[&_th]:h-[22px] [&>:first-child]:pl-4 phone:[&>:first-child]:pl-3">
          <th scope="col">Part</th>
          <th scope="col" className="text-right!">
            Read
          </th>
          <th scope="col" className="text-right!">
            Stored
          </th>
          <th scope="col" className="pl-6!">
            Encrypted
          </th>
          <th scope="col" className="phone:hidden">
            SHA-256 as stored
          </th>
        </tr>
      </thead>
      <tbody>
        {parts.map((part) => (
          <tr
            key={part.name}
            className="border-t border-line [&>*]:h-[22px] [&>:first-child]:pl-4 phone:[&>:first-child]:pl-3"
          >
            <th scope="row">{part.name}</th>
            <td className="text-right">{formatBytes(part.plain.sizeBytes)}</td>
            <td className="text-right">{formatBytes(part.sealed.sizeBytes)}</td>
            <td className="pl-6">{part.encrypted ? "yes" : "no"}</td>
            <td className="text-ink-3 mono phone:hidden">{part.sealed.sha256.slice(0, 16)}…</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What the dump saw: every table with its rows and digest, and the whole signed document. */
export function ManifestPane({ manifest }: { manifest: Record<string, unknown> }) {
  const [isOpen, setIsOpen] = useState(false);
  const [isRaw, setIsRaw] = useState(false);
  const tables = tablesOf(manifest);
  const text = JSON.stringify(manifest, null, 2);
  return (
    <section aria-label="Manifest" className="border-t border-line pb-3">
      <PaneHead
        title="Manifest"
        scope={scopeOf(manifest, tables)}
        className="px-4 phone:px-3"
        more={
          <button type="button" onClick={() => setIsRaw(!isRaw)}>
            {isRaw ? "In short" : "The document"}
          </button>
        }
      />
      {!isRaw && <ManifestFacts manifest={manifest} />}
      {isRaw ? (
        <div className="relative mx-4 phone:mx-3">
          <span className="absolute top-1 right-1">
            <CopyButton text={text} label="Copy manifest" />
          </span>
          <pre tabIndex={0} className="max-h-[420px] overflow-auto border border-line bg-sunken p-3 mono">
            {text}
          </pre>
        </div>
      ) : tables.length === 0 ? (
        <Parts manifest={manifest} />
      ) : (
        <>
          <table className="w-full text-12">
            <thead className="text-ink-3">
              <tr className="[&_th]:h-[22px] [&>:first-child]:pl-4 phone:[&>:first-child]:pl-3">
                <th scope="col">Table</th>
                <th scope="col" className="text-right!">
                  Rows
                </th>
                <th scope="col" className="pl-6!">
                  SHA-256 of its content
                </th>
              </tr>
            </thead>
            <tbody>
              {tables.slice(0, isOpen ? tables.length : SHOWN).map((table) => (
                <tr
                  key={`${table.schema}.${table.table}`}
                  className="border-t border-line [&>*]:h-[22px] [&>:first-child]:pl-4 phone:[&>:first-child]:pl-3"
                >
                  <th scope="row">
                    <span className="text-ink-3">{table.schema}.</span>
                    {table.table}
                  </th>
                  <td className="text-right">{formatCount(table.rows)}</td>
                  <td className="pl-6 text-ink-3 mono">{table.sha256.slice(0, 16)}…</td>
                </tr>
              ))}
            </tbody>
          </table>
          {tables.length > SHOWN && (
            <button
              type="button"
              className="px-4 pt-2 text-12 text-ink-3 hover:text-ink phone:px-3"
              onClick={() => setIsOpen(!isOpen)}
            >
              {isOpen ? "Fewer" : `All ${formatCount(tables.length)} tables`}
            </button>
          )}
        </>
      )}
    </section>
  );
}
