/** What the code of a failed exchange by the platform's HTTP client means. */
export interface ExchangeFailure {
  cause: string;
  permanent: boolean;
  hint: string;
}

function byCode(reachable: string): Record<string, ExchangeFailure> {
  return {
    ECONNREFUSED: { cause: "the connection is refused", permanent: false, hint: reachable },
    ECONNRESET: { cause: "the connection broke off", permanent: false, hint: reachable },
    UND_ERR_SOCKET: { cause: "the connection broke off", permanent: false, hint: reachable },
    UND_ERR_CONNECT_TIMEOUT: { cause: "the connection is not answered", permanent: false, hint: reachable },
    EHOSTUNREACH: { cause: "the address cannot be reached", permanent: false, hint: reachable },
    ENETUNREACH: { cause: "the address cannot be reached", permanent: false, hint: reachable },
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
}

/**
 * Why no whole answer came.
 * @param reachable the hint where nobody is there: who should be
 * @param timeoutMs after which it was given up; null when it was not
 */
export function explainExchange(error: unknown, reachable: string, timeoutMs: number | null): ExchangeFailure {
  if (timeoutMs !== null) return { cause: `nothing came within ${timeoutMs} ms`, permanent: false, hint: reachable };
  const reason = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  const failed = { cause: "the exchange failed", permanent: false, hint: reachable };
  return byCode(reachable)[reason?.code ?? ""] ?? failed;
}
