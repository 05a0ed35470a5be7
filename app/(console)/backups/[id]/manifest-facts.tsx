"use client";

import Link from "next/link";
import { z } from "zod";
import { KeyValue, KeyValues } from "@/components/patterns/pane";
import { Glyph } from "@/components/patterns/status";
import { Instant } from "@/components/patterns/time";

/** Of a manifest of any version and kind; what one of them does not say is absent. */
const Told = z.object({
  secrets: z.object({ system: z.string(), fingerprint: z.string(), asOf: z.string() }).nullish().catch(null),
  secretsFingerprint: z.string().nullish().catch(null),
  events: z.array(z.object({ kind: z.string(), path: z.string() })).catch([]),
  gone: z.array(z.string()).catch([]),
});

const EVENT: Record<string, string> = {
  new: "new log",
  rotated: "rotated",
  truncated: "cut short",
  vanished: "vanished",
};

/** What a manifest says besides its parts: secrets in use, and what became of the logs. */
export function ManifestFacts({ manifest }: { manifest: Record<string, unknown> }) {
  const { secrets, secretsFingerprint, events, gone } = Told.parse(manifest);
  if (!secrets && !secretsFingerprint && events.length === 0 && gone.length === 0) return null;
  return (
    <KeyValues className="px-4 pb-2 phone:px-3">
      {secrets && (
        <KeyValue name="Secrets" width="w-[92px]">
          <code className="mono">{secrets.fingerprint.slice(0, 16)}…</code> of{" "}
          <Link href={`/systems/${secrets.system}`} className="link">
            {secrets.system}
          </Link>{" "}
          as of <Instant at={secrets.asOf} form="day-time" />
        </KeyValue>
      )}
      {secretsFingerprint && (
        <KeyValue name="Secrets" width="w-[92px]">
          <code className="mono">{secretsFingerprint.slice(0, 16)}…</code>{" "}
          <span className="text-ink-3">its own, known again by this fingerprint</span>
        </KeyValue>
      )}
      {events.map(({ kind, path }) => (
        <KeyValue key={`${kind} ${path}`} name="Noticed" width="w-[92px]">
          {EVENT[kind] ?? kind} <code className="mono">{path}</code>
        </KeyValue>
      ))}
      {gone.map((path) => (
        <KeyValue key={path} name="Gone" width="w-[92px]">
          <Glyph tone="warning" label="gone" className="mr-1.5 inline-block size-3" />
          <code className="mono">{path}</code> <span className="text-ink-3">and in no copy of it either</span>
        </KeyValue>
      ))}
    </KeyValues>
  );
}
