import { EngineError } from "@/lib/kernel/errors";
import { type ExchangeFailure, explainExchange } from "@/lib/engines/shared/explain-exchange";

const REACHABLE = "Does the receiver run, and can this machine reach its address?";

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
  return toError(place, explainExchange(error, REACHABLE, timeoutMs));
}

function toError(place: string, { cause, permanent, hint }: ExchangeFailure): EngineError {
  return new EngineError(`the webhook of ${place} did not take it: ${cause}`, {
    engine: "webhook",
    operation: "post",
    permanent,
    hint,
  });
}
