import "server-only";
import type { Ctx } from "@/lib/db/context";
import { requestCtx } from "./ctx";
import { toFailure, type FailureView } from "./failure";

export type ActionResult<T> = { ok: true; data: T } | ({ ok: false } & FailureView);

/** A verb as a server action. The verb parses its input and asks for its permission; Next checks the origin. */
export function action<I, T>(verb: (ctx: Ctx, input: I) => Promise<T>): (input: I) => Promise<ActionResult<T>> {
  return async (input) => {
    const ctx = await requestCtx();
    try {
      return { ok: true, data: await verb(ctx, input) };
    } catch (error) {
      return { ok: false, ...toFailure(ctx, error) };
    }
  };
}
