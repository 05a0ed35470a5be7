import type { Ctx } from "@/lib/db/context";
import type { LogLevel } from "./schemas";

const FLUSH_MS = 200;
const MESSAGE_CHARACTERS_MAX = 2_000;

/** PostgreSQL stores no NUL; a program's words may hold one. */
export function storableText(text: string): string {
  return text.replaceAll("\0", "\uFFFD").toWellFormed();
}

/** Collects a run's log lines and writes them in batches; lines are rows, so that every page and process can follow. */
export class RunLogWriter {
  #lines: { runId: string; stepKey: string | null; at: Date; level: string; message: string }[] = [];
  #writing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly ctx: Ctx,
    private readonly runId: string,
  ) {}

  say(stepKey: string | null, message: string, level: LogLevel): void {
    const text = message.length > MESSAGE_CHARACTERS_MAX ? `${message.slice(0, MESSAGE_CHARACTERS_MAX)} …` : message;
    const at = this.ctx.now();
    this.#lines.push({ runId: this.runId, stepKey, at, level, message: storableText(text) });
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS);
  }

  /** Resolves when every line so far is stored. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#lines.splice(0);
    if (lines.length > 0) {
      this.#writing = this.#writing
        .then(() => this.ctx.db.runLog.createMany({ data: lines }))
        .then(
          () => undefined,
          (cause: unknown) =>
            this.ctx.log.error({ err: cause, runId: this.runId }, "the run's log lines cannot be stored"),
        );
    }
    await this.#writing;
  }
}
