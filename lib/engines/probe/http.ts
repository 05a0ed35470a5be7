import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { monotonicMs } from "@/lib/kernel/time";
import { explainExchange } from "@/lib/engines/shared/explain-exchange";
import type { HttpAnswer, HttpCheck, HttpProbe } from "./port";

const TIMEOUT_MS = 10_000;
/** More of a body is not looked through. */
const BODY_CHARACTERS_MAX = 2 ** 20;

const REACHABLE = "Does the application run, and can this machine reach its address?";

/** A probe with the platform's own HTTP client. A redirect is an answer like any other: it is not followed. */
export function createHttpProbe(): HttpProbe {
  return { ask };
}

async function ask(check: HttpCheck, options: { signal: AbortSignal; timeoutMs?: number }): Promise<HttpAnswer> {
  const { signal, timeoutMs = TIMEOUT_MS } = options;
  if (signal.aborted) throw new CancelledError("stopped before the check was made");
  assertAddress(check);
  const timeout = AbortSignal.timeout(timeoutMs);
  const startedMs = monotonicMs();
  try {
    const response = await fetch(check.url, {
      method: check.method,
      redirect: "manual",
      signal: AbortSignal.any([signal, timeout]),
    });
    const isContained = await readWhole(response, check.contains);
    const ok = response.status === check.status && isContained;
    return { status: response.status, ok, durationMs: monotonicMs() - startedMs };
  } catch (error) {
    if (signal.aborted) throw new CancelledError("stopped while it waited for an answer");
    throw toEngineError(error, check, timeout.aborted ? timeoutMs : null);
  }
}

/** An answer counts when it is whole; what it says is not kept. Returns whether it holds the words. */
async function readWhole(response: Response, words: string | undefined): Promise<boolean> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    if (words !== undefined && text.length < BODY_CHARACTERS_MAX) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
    }
  }
  return words === undefined || text.includes(words);
}

function toEngineError(error: unknown, check: HttpCheck, timeoutMs: number | null): EngineError {
  const { cause, permanent, hint } = explainExchange(error, REACHABLE, timeoutMs);
  return new EngineError(`no answer to ${check.method} ${shown(check.url)}: ${cause}`, {
    engine: "probe",
    operation: "ask",
    permanent,
    hint,
    cause: error,
  });
}

function assertAddress(check: HttpCheck): void {
  const url = URL.canParse(check.url) ? new URL(check.url) : null;
  if (url && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "") return;
  throw new EngineError(`no answer to ${check.method} ${shown(check.url)}: the address is not one that can be asked`, {
    engine: "probe",
    operation: "ask",
    permanent: true,
    hint: "It must begin with http:// or https://, and hold no user and password.",
  });
}

/** Without user, password and query: any of them may be a secret. */
function shown(url: string): string {
  if (!URL.canParse(url)) return "the declared address";
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
