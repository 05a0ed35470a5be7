import { EngineError } from "@/lib/kernel/errors";

/** What nodemailer says of a failure, as far as it is used. */
interface MailFailure {
  code?: unknown;
  originalCode?: unknown;
  responseCode?: unknown;
  response?: unknown;
  permanent?: unknown;
  command?: unknown;
}

interface Meaning {
  cause: string;
  permanent: boolean;
  hint: string;
}

const REACHABLE = "Does the mail server run, and can this machine reach its address and port?";
const NAME = "Is the name spelled right? Check DNS.";

const BY_CODE: Record<string, Meaning> = {
  ECONNREFUSED: { cause: "the connection is refused", permanent: false, hint: REACHABLE },
  EHOSTUNREACH: { cause: "the address cannot be reached", permanent: false, hint: REACHABLE },
  ENETUNREACH: { cause: "the address cannot be reached", permanent: false, hint: REACHABLE },
  ECONNRESET: { cause: "the connection broke off", permanent: false, hint: REACHABLE },
  ECONNECTION: { cause: "the connection broke off", permanent: false, hint: REACHABLE },
  ESOCKET: { cause: "the connection broke off", permanent: false, hint: REACHABLE },
  EDNS: { cause: "the name of the server cannot be looked up", permanent: false, hint: NAME },
  ENOTFOUND: { cause: "the name of the server is not known", permanent: false, hint: NAME },
  ETIMEDOUT: { cause: "the server does not answer in time", permanent: false, hint: REACHABLE },
  EAUTH: {
    cause: "user and password are refused",
    permanent: true,
    hint: "Are they the ones of this server, and is the password in the runner's environment?",
  },
  ETLS: {
    cause: "no TLS could be agreed on",
    permanent: true,
    hint: "Does the server offer STARTTLS? For TLS from the first byte use smtps://.",
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    cause: "the certificate is not trusted",
    permanent: true,
    hint: "Add its authority to NODE_EXTRA_CA_CERTS.",
  },
  SELF_SIGNED_CERT_IN_CHAIN: {
    cause: "the certificate is not trusted",
    permanent: true,
    hint: "Add its authority to NODE_EXTRA_CA_CERTS.",
  },
  CERT_HAS_EXPIRED: { cause: "the certificate has expired", permanent: true, hint: "Renew the certificate." },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    cause: "the certificate has another name",
    permanent: true,
    hint: "Compare the server's name in holdfast.yaml with those in the certificate.",
  },
};

const REFUSED_HINT =
  "Read the server's words: is the address right, and does it take mail from this sender and machine?";
const ANSWER_LENGTH_MAX = 300;

/** A server's reply in one line. */
export function oneLine(reply: string): string {
  const line = reply.replaceAll(/\s+/g, " ").trim();
  return line.length > ANSWER_LENGTH_MAX ? `${line.slice(0, ANSWER_LENGTH_MAX - 1)}…` : line;
}

/** A failed send in our words. The library's error is not kept: it may hold the exchange with its password. */
export function toMailError(error: unknown, server: string): EngineError {
  const { cause, permanent, hint } = meaningOf((error ?? {}) as MailFailure);
  return new EngineError(`the mail was not taken by ${server}: ${cause}`, {
    engine: "mail",
    operation: "send",
    permanent,
    hint,
  });
}

function meaningOf(failure: MailFailure): Meaning {
  const known = BY_CODE[String(failure.originalCode)] ?? BY_CODE[String(failure.code)];
  // A server may repeat what it was told: nothing of its answer to a password is shown.
  if (failure.code === "EAUTH" && known) return { ...known, permanent: failure.permanent !== false };
  if (failure.code === "ETLS" && known) return known;
  if (typeof failure.responseCode === "number" && typeof failure.response === "string") {
    return { cause: oneLine(failure.response), permanent: failure.permanent === true, hint: REFUSED_HINT };
  }
  return known ?? { cause: "the exchange failed", permanent: false, hint: REACHABLE };
}
