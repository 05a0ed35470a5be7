"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Field, Form, Input } from "@/components/ui/field";
import { Icon } from "@/components/ui/icon";
import { Popover } from "@/components/ui/popover";
import type { AuditQueryState } from "./use-audit-query";

const PRESETS = [
  { from: "-1h", label: "Last hour" },
  { from: "-24h", label: "Last 24 hours" },
  { from: "-7d", label: "Last 7 days" },
  { from: "-30d", label: "Last 30 days" },
  { from: null, label: "All time" },
] as const;

/** `2026-03-16T00:00:00.000Z` → `2026-03-16 00:00`. */
function short(bound: string): string {
  return bound.replace("T", " ").replace(/(:\d{2})(:00)?(\.\d+)?Z$/, "$1");
}

function labelOf(from: string | null, to: string | null): string {
  if (!from && !to) return "All time";
  const preset = PRESETS.find((each) => each.from === from);
  if (preset && !to) return preset.label;
  return `${from ? short(from) : "beginning"} to ${to ? short(to) : "now"}`;
}

/** The stretch of time that the question is about, by the time of receipt, in UTC. */
export function RangeButton({ question }: { question: AuditQueryState }) {
  const { from, to } = question.parsed;
  const [problem, setProblem] = useState<Record<string, string>>({});
  const submit = (values: Record<string, unknown>) => {
    const read = (name: string) => String(values[name] ?? "").trim() || null;
    const bounds = [read("from"), read("to")] as const;
    const bad = (["from", "to"] as const).filter(
      (_, index) => bounds[index] && !/^(-\d+[smhd]|\d{4}-\d{2}-\d{2}(T\S+)?)$/.test(bounds[index] ?? ""),
    );
    setProblem(Object.fromEntries(bad.map((name) => [name, "expected 2026-03-16, an RFC 3339 time or -24h"])));
    if (bad.length === 0) question.setRange(...bounds);
  };
  return (
    <Popover
      title="Time of receipt, UTC"
      trigger={
        <Button size="tall" className="max-w-72 phone:flex-1">
          <span className="truncate">{labelOf(from, to)}</span>
          <Icon name="down" className="size-3.5" />
        </Button>
      }
    >
      <div className="grid w-60 gap-1">
        {PRESETS.map((preset) => (
          <Button
            key={preset.label}
            look="quiet"
            size="small"
            className="justify-start!"
            onClick={() => question.setRange(preset.from, null)}
          >
            {preset.label}
          </Button>
        ))}
      </div>
      <Form
        key={`${from ?? ""} ${to ?? ""}`}
        className="grid gap-2 border-t border-line pt-2"
        errors={problem}
        onFormSubmit={submit}
      >
        <Field name="from" label="From">
          <Input className="mono" defaultValue={from ?? ""} placeholder="2026-03-16" />
        </Field>
        <Field name="to" label="To, a date includes its whole day">
          <Input className="mono" defaultValue={to ?? ""} placeholder="2026-03-20" />
        </Field>
        <Button type="submit" size="small">
          Apply
        </Button>
      </Form>
    </Popover>
  );
}
