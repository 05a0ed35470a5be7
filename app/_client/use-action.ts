"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useState, useTransition } from "react";
import type { ActionResult } from "@/app/_server/action";
import type { Failure } from "@/components/patterns/states";

interface Options<T> {
  onDone?: (data: T) => void;
  onFailed?: (failure: Failure) => void;
}

/** Runs a server action: pending while it works, the refusal in place afterwards, and live facts asked again. */
export function useAction<I, T>(act: (input: I) => Promise<ActionResult<T>>, { onDone, onFailed }: Options<T> = {}) {
  const queries = useQueryClient();
  const [failure, setFailure] = useState<(Failure & { fieldErrors?: Record<string, string> }) | null>(null);
  const [isPending, startTransition] = useTransition();
  const run = useCallback(
    (input: I) => {
      setFailure(null);
      startTransition(async () => {
        const result = await act(input).catch((): ActionResult<T> => ({
          ok: false,
          code: "INTERNAL",
          message: "the console did not answer",
          hint: "Is the connection up? Nothing tells whether it was done: look at the runs before trying again.",
          requestId: "",
        }));
        if (result.ok) {
          onDone?.(result.data);
          await queries.invalidateQueries();
        } else {
          setFailure(result);
          onFailed?.(result);
        }
      });
    },
    [act, onDone, onFailed, queries],
  );
  return { run, isPending, failure, clear: () => setFailure(null) };
}
