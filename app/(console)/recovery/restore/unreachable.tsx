"use client";

import { useZone } from "@/components/patterns/clock";
import { formatInstant } from "@/components/patterns/instant";
import { Glyph } from "@/components/patterns/status";
import { Button } from "@/components/ui/button";
import { formatDuration } from "@/lib/kernel/format";
import type { RestorePreview } from "@/lib/recovery/schemas";

/** A point that no chain reaches: said plainly, with the nearest ones to take instead. */
export function Unreachable({ preview, onChoose }: { preview: RestorePreview; onChoose: (at: string) => void }) {
  const { zone } = useZone();
  const { unreachable, pointAt } = preview;
  if (!unreachable) return null;
  const offers = [
    { at: unreachable.before, word: "earlier" },
    { at: unreachable.after, word: "later" },
  ];
  return (
    <div role="alert" className="grid gap-2 border-t border-line bg-warning-tint px-4 py-3 phone:px-3">
      <p className="flex items-start gap-2 font-medium">
        <Glyph tone="warning" className="mt-1 size-3" />
        <span className="first-letter:uppercase">{unreachable.message}</span>
      </p>
      <div className="flex flex-wrap items-center gap-2">
        {offers.map(
          ({ at, word }) =>
            at && (
              <Button key={word} onClick={() => onChoose(at)}>
                Take {formatInstant(Date.parse(at), "day-time", zone)}
                {pointAt && (
                  <span className="font-normal text-ink-3">
                    {formatDuration(Math.abs(Date.parse(at) - Date.parse(pointAt)))} {word}
                  </span>
                )}
              </Button>
            ),
        )}
        {!unreachable.before && !unreachable.after && (
          <span className="text-ink-2">
            Nothing can be brought back from there: take a full backup, or another repository.
          </span>
        )}
      </div>
    </div>
  );
}
