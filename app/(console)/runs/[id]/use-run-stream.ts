"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useReducer } from "react";
import { apiGet, withQuery } from "@/app/_client/api";
import { runQuery } from "@/app/_client/queries";
import { synchronizeClock } from "@/components/patterns/clock";
import type { LogConnection } from "@/components/patterns/log-viewer";
import type { LogLine, RunDetail } from "@/lib/runs/schemas";

/** More lines than a person reads; the download has them all. */
const LINES_MAX = 20_000;
/** So many lost connections in a row, and we ask instead of listening. */
const LOSSES_MAX = 3;
const POLL_MS = 2_000;
/** How long we ask before we try to listen again. */
const POLLS_MAX = 15;

interface StreamState {
  lines: LogLine[];
  connection: LogConnection;
  isTruncated: boolean;
}

type StreamEvent = { kind: "lines"; lines: LogLine[] } | { kind: "connection"; connection: LogConnection };

function reduce(state: StreamState, event: StreamEvent): StreamState {
  if (event.kind === "connection") return state.connection === event.connection ? state : { ...state, connection: event.connection };
  const newest = state.lines.at(-1)?.id ?? 0;
  const fresh = event.lines.filter((line) => line.id > newest);
  if (fresh.length === 0) return state;
  const lines = [...state.lines, ...fresh];
  return { ...state, lines: lines.slice(-LINES_MAX), isTruncated: state.isTruncated || lines.length > LINES_MAX };
}

const OPEN = new Set(["queued", "running", "waiting"]);

interface Connection {
  id: string;
  dispatch: (event: StreamEvent) => void;
  setRun: (run: RunDetail) => void;
}

/** Listens to the run; after lost connections asks every two seconds, and listens again later. @returns how to stop */
function connect({ id, dispatch, setRun }: Connection): () => void {
  let isStopped = false;
  let newest = 0;
  let losses = 0;
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const say = (connection: LogConnection) => {
    if (!isStopped) dispatch({ kind: "connection", connection });
  };
  const take = (lines: LogLine[]) => {
    newest = lines.at(-1)?.id ?? newest;
    dispatch({ kind: "lines", lines });
  };

  const poll = async (polls: number): Promise<void> => {
    if (isStopped) return;
    try {
      const run = await apiGet<RunDetail>(`/api/v1/runs/${id}`);
      const { lines } = await apiGet<{ lines: LogLine[] }>(withQuery(`/api/v1/runs/${id}/log`, { after: newest, limit: 1_000 }));
      if (isStopped) return;
      setRun(run);
      take(lines);
      if (!OPEN.has(run.state) && lines.length < 1_000) return say("ended");
      say("polling");
    } catch {
      say("disconnected"); // the next round tries again; the reader sees that we do
    }
    timer = setTimeout(() => void (polls >= POLLS_MAX ? listen() : poll(polls + 1)), POLL_MS);
  };

  const listen = () => {
    if (isStopped) return;
    source = new EventSource(withQuery(`/api/v1/runs/${id}/events`, { after: newest }));
    source.addEventListener("open", () => {
      losses = 0;
      say("streaming");
    });
    source.addEventListener("run", (event: MessageEvent<string>) => {
      const { now, run } = JSON.parse(event.data) as { now: number; run: RunDetail };
      synchronizeClock(now);
      setRun(run);
    });
    source.addEventListener("log", (event: MessageEvent<string>) => take(JSON.parse(event.data) as LogLine[]));
    source.addEventListener("end", () => {
      source?.close();
      say("ended");
    });
    source.addEventListener("error", () => {
      losses += 1;
      say("disconnected");
      if (losses < LOSSES_MAX && source?.readyState !== EventSource.CLOSED) return;
      source?.close();
      losses = 0;
      void poll(0);
    });
  };

  listen();
  return () => {
    isStopped = true;
    clearTimeout(timer);
    source?.close();
  };
}

/** The run's log as it is written, and the run itself kept fresh in the cache. */
export function useRunStream(id: string): StreamState {
  const queries = useQueryClient();
  const [state, dispatch] = useReducer(reduce, { lines: [], connection: "disconnected", isTruncated: false });
  useEffect(
    () => connect({ id, dispatch, setRun: (run) => queries.setQueryData(runQuery(id).queryKey, run) }),
    [id, queries],
  );
  return state;
}
