"use client";

import { useQueryStates } from "nuqs";
import { useState, type ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { INPUT, Radio } from "@/components/ui/field";
import { DIRECTORY, restoreSearch } from "./search-params";

export interface TargetChoice {
  name: string;
  directory: string;
  /** false: only a live run may recover into it. */
  isOpen: boolean;
}

interface TargetStepProps {
  targets: readonly TargetChoice[];
  to: string;
  /** Files and code come back into a directory alone. */
  isServer: boolean;
  onNext: () => void;
}

/** Where the copy comes to stand. */
export function TargetStep({ targets, to, isServer, onNext }: TargetStepProps) {
  const [{ reason }, setSearch] = useQueryStates(restoreSearch, { history: "push", scroll: false });
  const [path, setPath] = useState(to.startsWith(DIRECTORY) ? to.slice(DIRECTORY.length) : "");
  const isDirectory = to.startsWith(DIRECTORY);
  const isBadPath = isDirectory && !path.startsWith("/");
  // A link may lead to a later step, and this one be shown because the path was open: it stays until it is left.
  const choose = (next: string) => void setSearch({ to: next, step: "target" });
  return (
    <form
      method="post"
      className="border-t border-line px-4 py-3 phone:px-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isBadPath) onNext();
      }}
    >
      <fieldset className="grid gap-1">
        <legend className="mb-1 text-12 text-ink-3">Where the copy goes</legend>
        {isServer && (
          <Choice
            name="A throw-away server"
            isChecked={to === "scratch"}
            onChoose={() => choose("scratch")}
            note="on the runner's machine; it lives for 24 hours at most, then nothing of it is left"
          />
        )}
        <Choice
          name="A directory"
          isChecked={isDirectory}
          onChoose={() => choose(`${DIRECTORY}${path}`)}
          note={`on the runner's machine, empty or absent; ${isServer ? "the server is stopped cleanly and the data is yours" : "it appears there once all of it was compared"}`}
        />
        {isDirectory && (
          <div className="mb-1 ml-8 grid max-w-[420px] gap-0.5">
            <input
              aria-label="Directory"
              aria-invalid={isBadPath}
              aria-describedby="directory-note"
              className={`${INPUT} mono`}
              placeholder="/srv/restored"
              spellCheck={false}
              value={path}
              onChange={(event) => {
                setPath(event.target.value);
                void setSearch({ to: `${DIRECTORY}${event.target.value}`, step: "target" }, { history: "replace" });
              }}
            />
            <span id="directory-note" className="text-12 text-ink-3">
              {isBadPath ? "an absolute path, such as /srv/restored" : "the runner refuses one that holds something"}
            </span>
          </div>
        )}
        {(isServer ? targets : []).map((target) => (
          <Choice
            key={target.name}
            name={target.name}
            isChecked={to === target.name}
            isDisabled={!target.isOpen}
            onChoose={() => choose(target.name)}
            note={
              target.isOpen
                ? `declared target, data in ${target.directory}`
                : "declared for live runs alone: start one from its runbook"
            }
          />
        ))}
      </fieldset>
      <label className="mt-3 grid max-w-[452px] gap-0.5 text-12">
        <span className="text-ink-3">Reason, kept in the audit log</span>
        <input
          className={INPUT}
          maxLength={500}
          defaultValue={reason ?? ""}
          onChange={(event) => void setSearch({ reason: event.target.value || null }, { history: "replace" })}
        />
      </label>
      <Button type="submit" look="primary" className="mt-3" disabled={isBadPath} focusableWhenDisabled>
        Check
      </Button>
    </form>
  );
}

interface ChoiceProps {
  name: string;
  note: ReactNode;
  isChecked: boolean;
  isDisabled?: boolean;
  onChoose: () => void;
}

function Choice({ name, note, isChecked, isDisabled = false, onChoose }: ChoiceProps) {
  return (
    <label className={`flex min-h-7 items-start gap-2 ${isDisabled ? "text-ink-3" : ""}`}>
      {isDisabled ? (
        <span className="size-6 shrink-0" />
      ) : (
        <Radio name="target" isChecked={isChecked} onChange={onChoose} />
      )}
      <span className="flex flex-wrap gap-x-3 pt-0.5">
        <span className={isDisabled ? "" : "font-medium"}>{name}</span>
        <span className="text-ink-3">{note}</span>
      </span>
    </label>
  );
}
