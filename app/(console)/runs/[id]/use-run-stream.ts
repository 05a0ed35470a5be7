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
const LINES_PER_POLL = 1_000;

interface StreamState {
  lines: LogLine[];
  connection: LogConnection;
  isTruncated: boolean;
}

type StreamEvent = { kind: "lines"; lines: LogLine[] } | { kind: "connection"; connection: LogConnection };

function reduce(state: StreamState, event: StreamEvent): StreamState {
  if (event.kind === "connection")
    return state.connection === event.connection ? state : { ...state, connection: event.connection };
  const newest = state.lines.at(-1)?.id ?? 0;
  const fresh = event.lines.filter((line) => line.id > newest);
  if (fresh.length === 0) return state;
  const lines = [...state.lines, ...fresh];
  return { ...state, lines: lines.slice(-LINES_MAX), isTruncated: state.isTruncated || lines.length > LINES_MAX };
}

const OPEN = new Set(["queued", "running", "waiting"]);

interface Sink {
  dispatch: (event: StreamEvent) => void;
  setRun: (run: RunDetail) => void;
}

/** Listens to a run; after lost connections asks every two seconds, and listens again later. */
class RunConnection {
  readonly #id: string;
  readonly #sink: Sink;
  #isStopped = false;
  #newest = 0;
  #losses = 0;
  #isBehind = false;
  #source: EventSource | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(id: string, sink: Sink) {
    this.#id = id;
    this.#sink = sink;
  }

  listen(): void {
    if (this.#isStopped) return;
    const source = new EventSource(withQuery(`/api/v1/runs/${this.#id}/events`, { after: this.#newest }));
    this.#source = source;
    source.addEventListener("open", () => {
      this.#losses = 0;
      this.#say("streaming");
    });
    source.addEventListener("run", (event: MessageEvent<string>) => {
      const { now, run } = JSON.parse(event.data) as { now: number; run: RunDetail };
      synchronizeClock(now);
      this.#sink.setRun(run);
    });
    source.addEventListener("log", (event: MessageEvent<string>) => this.#take(JSON.parse(event.data) as LogLine[]));
    source.addEventListener("end", () => {
      source.close();
      this.#say("ended");
    });
    source.addEventListener("error", () => this.#lose(source));
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#source?.close();
  }

  #lose(source: EventSource): void {
    this.#losses += 1;
    this.#say("disconnected");
    // The browser tries again by itself, unless it was refused.
    if (this.#losses < LOSSES_MAX && source.readyState !== EventSource.CLOSED) return;
    source.close();
    this.#losses = 0;
    void this.#poll(0);
  }

  async #poll(polls: number): Promise<void> {
    if (this.#isStopped) return;
    const before = this.#newest;
    const connection = await this.#ask().catch(() => "disconnected" as const); // the next round tries again
    this.#say(connection);
    if (connection === "ended" || this.#isStopped) return;
    this.#timer = setTimeout(
      () => {
        if (polls >= POLLS_MAX) this.listen();
        else void this.#poll(polls + 1);
      },
      // Behind by more than a page: the next one at once.
      this.#isBehind && this.#newest > before ? 0 : POLL_MS,
    );
  }

  async #ask(): Promise<LogConnection> {
    const run = await apiGet<RunDetail>(`/api/v1/runs/${this.#id}`);
    const { lines } = await apiGet<{ lines: LogLine[] }>(
      withQuery(`/api/v1/runs/${this.#id}/log`, { after: this.#newest, limit: LINES_PER_POLL }),
    );
    if (this.#isStopped) return "ended";
    this.#sink.setRun(run);
    this.#take(lines);
    this.#isBehind = lines.length === LINES_PER_POLL;
    return !OPEN.has(run.state) && !this.#isBehind ? "ended" : "polling";
  }

  #take(lines: LogLine[]): void {
    this.#newest = lines.at(-1)?.id ?? this.#newest;
    this.#sink.dispatch({ kind: "lines", lines });
  }

  #say(connection: LogConnection): void {
    if (!this.#isStopped) this.#sink.dispatch({ kind: "connection", connection });
  }
}

/** The run's log as it is written, and the run itself kept fresh in the cache. */
export function useRunStream(id: string): StreamState {
  const queries = useQueryClient();
  const [state, dispatch] = useReducer(reduce, { lines: [], connection: "disconnected", isTruncated: false });
  useEffect(() => {
    const connection = new RunConnection(id, {
      dispatch,
      setRun: (run) => queries.setQueryData(runQuery(id).queryKey, run),
    });
    connection.listen();
    return () => connection.stop();
  }, [id, queries]);
  return state;
}
