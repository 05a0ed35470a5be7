import { CancelledError, EngineError } from "@/lib/kernel/errors";
import { monotonicMs } from "@/lib/kernel/time";
import type { HttpAnswer, HttpCheck, HttpProbe } from "./port";

const TIMEOUT_MS = 10_000;
/** More of a body is not looked through. */
const BODY_CHARACTERS_MAX = 2 ** 20;

interface Meaning {
  cause: string;
  permanent: boolean;
  hint: string;
}

const REACHABLE = "Does the application run, and can this machine reach its address?";

const BY_CODE: Record<string, Meaning> = {
  ECONNREFUSED: { cause: "the connection is refused", permanent: false, hint: REACHABLE },
  ECONNRESET: { cause: "the connection broke off", permanent: false, hint: REACHABLE },
  UND_ERR_SOCKET: { cause: "the connection broke off", permanent: false, hint: REACHABLE },
  UND_ERR_CONNECT_TIMEOUT: { cause: "the connection is not answered", permanent: false, hint: REACHABLE },
  EHOSTUNREACH: { cause: "the address cannot be reached", permanent: false, hint: REACHABLE },
  ENETUNREACH: { cause: "the address cannot be reached", permanent: false, hint: REACHABLE },
  ENOTFOUND: { cause: "the name is not known", permanent: false, hint: "Is the name spelled right? Check DNS." },
  EAI_AGAIN: { cause: "the name cannot be looked up", permanent: false, hint: "Check this machine's DNS." },
  CERT_HAS_EXPIRED: { cause: "the certificate has expired", permanent: true, hint: "Renew the certificate." },
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    cause: "the certificate is not trusted",
    permanent: true,
    hint: "Add its authority to NODE_EXTRA_CA_CERTS.",
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    cause: "the certificate has another name",
    permanent: true,
    hint: "Compare the address with the names in the certificate.",
  },
};

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
  const { cause, permanent, hint } = meaningOf(error, timeoutMs);
  return new EngineError(`no answer to ${check.method} ${shown(check.url)}: ${cause}`, {
    engine: "probe",
    operation: "ask",
    permanent,
    hint,
    cause: error,
  });
}

function meaningOf(error: unknown, timeoutMs: number | null): Meaning {
  if (timeoutMs !== null) return { cause: `nothing came within ${timeoutMs} ms`, permanent: false, hint: REACHABLE };
  const reason = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  return BY_CODE[reason?.code ?? ""] ?? { cause: "the exchange failed", permanent: false, hint: REACHABLE };
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
