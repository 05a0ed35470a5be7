import { EngineError } from "@/lib/kernel/errors";

interface Meaning {
  cause: string;
  permanent: boolean;
  hint: string;
}

const REACHABLE = "Does the receiver run, and can this machine reach its address?";

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

/** Refusals that pass: too early, too many, a time-out of the receiver. */
const PASSING = new Set([408, 425, 429]);

/** A status that is no yes. A redirect is none either: the secret's signature goes to the declared address only. */
export function toStatusError(status: number, place: string): EngineError {
  const permanent = status < 500 && !PASSING.has(status);
  const hint =
    status >= 300 && status < 400
      ? "Declare the address where it leads: redirects are not followed."
      : "Look at the receiver's log: does it expect another address, secret or body?";
  return toError(place, { cause: `it answered ${status}`, permanent, hint });
}

/** No whole answer came. The platform's error is not kept: it may name the whole address. */
export function toExchangeError(error: unknown, place: string, timeoutMs: number | null): EngineError {
  if (timeoutMs !== null) {
    return toError(place, { cause: `nothing came within ${timeoutMs} ms`, permanent: false, hint: REACHABLE });
  }
  const reason = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  const meaning = BY_CODE[reason?.code ?? ""] ?? { cause: "the exchange failed", permanent: false, hint: REACHABLE };
  return toError(place, meaning);
}

function toError(place: string, { cause, permanent, hint }: Meaning): EngineError {
  return new EngineError(`the webhook of ${place} did not take it: ${cause}`, {
    engine: "webhook",
    operation: "post",
    permanent,
    hint,
  });
}
