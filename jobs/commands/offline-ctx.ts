import { openGitCode } from "@/lib/engines/code/git/engine";
import { createAgeEnvelope } from "@/lib/engines/envelope/age/engine";
import { openTarFiles } from "@/lib/engines/files/tar/engine";
import { formatBytes } from "@/lib/kernel/format";
import { PreconditionError } from "@/lib/kernel/errors";
import { monotonicMs, systemNow } from "@/lib/kernel/time";
import type { RecoveryCtx } from "@/lib/recovery";

const PROGRESS_PERIOD_MS = 5_000;

function say(message: string): void {
  process.stderr.write(`${systemNow().toISOString().slice(11, 19)} ${message}\n`);
}

/** A line now and then: the night is long when nothing moves. */
function sayProgress(): RecoveryCtx["run"]["progress"] {
  let lastMs = monotonicMs();
  return ({ done, total, unit }) => {
    if (monotonicMs() - lastMs < PROGRESS_PERIOD_MS) return;
    lastMs = monotonicMs();
    const show = (value: number) => (unit === "bytes" ? formatBytes(value) : `${value} ${unit}`);
    say(total === null ? show(done) : `${show(done)} of ${show(total)}`);
  };
}

/** What a recovery uses of the engines; the rest of them belongs to a console. */
export function createOfflineCtx(signal: AbortSignal, home: string): RecoveryCtx {
  const refuse = (): never => {
    throw new PreconditionError("an offline restore has no console", { hint: "Use the command without --offline." });
  };
  return {
    now: systemNow,
    signal,
    engines: {
      store: refuse,
      database: refuse,
      files: openTarFiles({ directory: home }),
      code: openGitCode({ directory: home }),
      connection: refuse,
      mailer: refuse,
      webhook: refuse,
      envelope: createAgeEnvelope(),
      probe: { ask: refuse },
      applications: { freePort: refuse, start: refuse },
      makePractice: refuse,
      signer: { publicPem: "", sign: refuse },
      directories: { spool: home, scratch: home },
      restoreScript: "",
    },
    run: { id: "offline", say, progress: sayProgress() },
  };
}
