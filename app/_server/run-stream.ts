import "server-only";
import { getRun, listRunLog } from "@/lib/runs";
import { OPEN_RUN_STATES, type RunDetail } from "@/lib/runs/schemas";
import type { Ctx } from "@/lib/db/context";
import { monotonicMs } from "@/lib/kernel/time";
import { runtime } from "./runtime";

/** Between two looks at the database, however many changes are told. */
const PAUSE_MS = 200;
/** Without a word from the database a look is taken anyway. */
const PATIENCE_MS = 2_000;
/** Then the browser asks again, and with it the session is checked again. */
const LIFE_MS = 5 * 60_000;
const LINES_MAX = 1_000;

const encoder = new TextEncoder();

function encodeEvent(name: string, data: unknown, id?: number): Uint8Array {
  return encoder.encode(`${id === undefined ? "" : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

const isOpen = (run: RunDetail) => (OPEN_RUN_STATES as readonly string[]).includes(run.state);

/** Wakes up at a change, after the patience, or when the reader has gone. */
class Bell {
  #ring: (() => void) | null = null;
  #isRung = false;

  ring = (): void => {
    this.#isRung = true;
    this.#ring?.();
  };

  async wait(): Promise<void> {
    if (!this.#isRung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, PATIENCE_MS);
        this.#ring = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#ring = null;
    this.#isRung = false;
  }
}

interface Watch {
  ctx: Ctx;
  runId: string;
  /** The newest line that the reader has. */
  after: number;
  signal: AbortSignal;
}

/** `run` with the whole run when it changed, `log` with new lines, `end` when nothing more will come. */
async function* watchEvents({ ctx, runId, after, signal }: Watch, bell: Bell): AsyncGenerator<Uint8Array> {
  const startedMs = monotonicMs();
  let last = "";
  let newest = after;
  while (!signal.aborted && monotonicMs() - startedMs < LIFE_MS) {
    const run = await getRun(ctx, { id: runId });
    const text = JSON.stringify(run);
    if (text !== last) yield encodeEvent("run", { now: ctx.now().getTime(), run });
    else yield encoder.encode(": still here\n\n");
    last = text;
    const { lines } = await listRunLog(ctx, { id: runId, after: newest, limit: LINES_MAX });
    newest = lines.at(-1)?.id ?? newest;
    if (lines.length > 0) yield encodeEvent("log", lines, newest);
    if (lines.length === LINES_MAX) continue;
    if (!isOpen(run)) {
      yield encodeEvent("end", {});
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    await bell.wait();
  }
}

/** A run's changes as server-sent events. @throws NotFoundError before the stream begins */
export async function streamRun(watch: Watch): Promise<Response> {
  await getRun(watch.ctx, { id: watch.runId });
  const bell = new Bell();
  const stop = runtime().runChanges.watch(watch.runId, bell.ring);
  watch.signal.addEventListener("abort", bell.ring);
  const events = watchEvents(watch, bell);
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { value, done } = await events.next();
        if (isCancelled) return;
        if (done) {
          stop();
          controller.close();
        } else {
          controller.enqueue(value);
        }
      } catch (error) {
        stop();
        if (isCancelled) return;
        watch.ctx.log.warn({ err: error, runId: watch.runId }, "a run's event stream ended early");
        controller.error(error);
      }
    },
    cancel() {
      isCancelled = true;
      stop();
      bell.ring();
    },
  });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
    },
  });
}
