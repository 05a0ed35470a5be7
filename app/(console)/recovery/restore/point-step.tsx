"use client";

import { useQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { restorePreviewQuery, systemQuery } from "@/app/_client/queries";
import { useNow } from "@/components/patterns/clock";
import { RecoveryLine } from "@/components/patterns/recovery-line";
import { ErrorNote, Loaded } from "@/components/patterns/states";
import { Button } from "@/components/ui/button";
import { INPUT } from "@/components/ui/field";
import { Select } from "@/components/ui/select";
import type { SystemDetail } from "@/lib/systems/schemas";
import type { RestorePreview } from "@/lib/recovery/schemas";
import { readPoint } from "../../systems/[name]/point-text";
import { disruptionOf, pointsOf } from "../../systems/system-order";
import { Neighbours } from "./neighbours";
import { previewInput, restoreSearch } from "./search-params";
import { Unreachable } from "./unreachable";

const ANY = "";

const NUDGES = [
  { label: "−1 h", ms: -3_600_000 },
  { label: "−1 min", ms: -60_000 },
  { label: "−1 s", ms: -1_000 },
  { label: "+1 s", ms: 1_000 },
  { label: "+1 min", ms: 60_000 },
  { label: "+1 h", ms: 3_600_000 },
] as const;

/** The point on the time line, what lies next to it, and which chains reach it. */
export function PointStep({ system: name, to, onNext }: { system: string; to: string; onNext: () => void }) {
  const system = useQuery(systemQuery(name));
  const [search, setSearch] = useQueryStates(restoreSearch, { history: "push", scroll: false });
  const point = readPoint(search.at, useNow(60_000));
  const preview = useQuery({ ...restorePreviewQuery(previewInput({ ...search, to })), enabled: point.kind !== "bad" });
  const isRight = preview.data?.system === name && !preview.isPlaceholderData;
  const choose = (at: string) => void setSearch({ at });
  return (
    <Loaded answer={system} rows={6}>
      {(data) => (
        <form
          method="post"
          onSubmit={(event) => {
            event.preventDefault();
            if (isRight && !preview.data?.unreachable && point.kind !== "bad") onNext();
          }}
        >
          <div className="border-t border-line">
            <Line system={data} pointAt={preview.data?.pointAt ?? null} />
          </div>
          <PointInput
            at={search.at}
            from={search.from}
            system={data}
            pointAt={preview.data?.pointAt ?? null}
            onAt={choose}
            onFrom={(from) => void setSearch({ from })}
            isReady={isRight && !preview.data?.unreachable}
          />
          {point.kind !== "bad" && preview.error && <ErrorNote failure={preview.error} />}
          {point.kind !== "bad" && preview.data && <Around preview={preview.data} onChoose={choose} />}
        </form>
      )}
    </Loaded>
  );
}

function Line({ system, pointAt }: { system: SystemDetail; pointAt: string | null }) {
  return (
    <RecoveryLine
      lanes={system.lanes}
      points={pointsOf(system)}
      gaps={system.gaps}
      {...(system.kind === "mariadb" ? { heartbeatAt: system.heartbeatAt } : {})}
      disruptionAt={disruptionOf(system)}
      pointMs={pointAt ? Date.parse(pointAt) : null}
    />
  );
}

interface PointInputProps {
  at: string;
  from: string | null;
  system: SystemDetail;
  pointAt: string | null;
  onAt: (at: string) => void;
  onFrom: (from: string | null) => void;
  isReady: boolean;
}

function PointInput({ at, from, system, pointAt, onAt, onFrom, isReady }: PointInputProps) {
  const now = useNow(60_000);
  const point = readPoint(at, now);
  const isBad = point.kind === "bad";
  const sources = system.lanes.map((lane) => ({ value: lane.repository, label: `${lane.repository} alone` }));
  // "Yesterday" is another day tomorrow: what stands in the URL is the instant.
  const type = (text: string) => {
    const typed = readPoint(text, now);
    onAt(typed.kind === "bad" ? text : typed.point);
  };
  const nudge = (ms: number) => {
    if (pointAt) onAt(new Date(Date.parse(pointAt) + ms).toISOString());
  };
  return (
    <div className="flex flex-wrap items-start gap-x-4 gap-y-2 border-t border-line px-4 py-2.5 phone:px-3">
      <label className="grid gap-0.5 text-12 phone:w-full">
        <span className="text-ink-3">Restore to</span>
        <input
          key={at}
          className={`${INPUT} w-[236px]! mono phone:w-full!`}
          defaultValue={at}
          spellCheck={false}
          aria-invalid={isBad}
          aria-describedby="wizard-point-note"
          onBlur={(event) => event.target.value !== at && type(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.currentTarget.value === at) return;
            event.preventDefault();
            type(event.currentTarget.value);
          }}
        />
        <span
          id="wizard-point-note"
          className={`max-w-[236px] phone:max-w-none ${isBad ? "font-medium text-failed" : "text-ink-3"}`}
        >
          {isBad
            ? point.reason
            : system.kind === "mariadb"
              ? "latest, yesterday 14:05 UTC, a time with its zone, or gtid:0-1-4711"
              : "latest, yesterday 14:05 UTC, or a time with its zone"}
        </span>
      </label>
      <div className="grid gap-0.5 text-12">
        <span className="text-ink-3">Move it</span>
        <div role="group" aria-label="Move the point" className="flex flex-wrap gap-1">
          <Button onClick={() => onAt("latest")}>latest</Button>
          {NUDGES.map(({ label, ms }) => (
            <Button key={label} disabled={pointAt === null} focusableWhenDisabled onClick={() => nudge(ms)}>
              {label}
            </Button>
          ))}
        </div>
      </div>
      <div className="grid justify-items-start gap-0.5 text-12">
        <span aria-hidden="true" className="text-ink-3">
          From
        </span>
        <Select
          label="From"
          value={from ?? ANY}
          options={[{ value: ANY, label: "the one that reaches it" }, ...sources]}
          onChange={(next) => onFrom(next || null)}
        />
      </div>
      <div className="ml-auto pt-[18px] phone:ml-0 phone:w-full phone:pt-0 phone:[&>*]:w-full">
        <Button type="submit" look="primary" disabled={!isReady || isBad} focusableWhenDisabled>
          Choose the target
        </Button>
      </div>
    </div>
  );
}

function Around({ preview, onChoose }: { preview: RestorePreview; onChoose: (at: string) => void }) {
  if (preview.unreachable) return <Unreachable preview={preview} onChoose={onChoose} />;
  if (preview.isTransaction) {
    return (
      <p className="border-t border-line px-4 py-3 text-ink-2 phone:px-3">
        The catalogue does not know single transactions. The run looks for this one in the log, and is refused with the
        nearest that it finds when it is not there.
      </p>
    );
  }
  return <Neighbours preview={preview} onChoose={onChoose} />;
}
