import "server-only";
import type { NextRequest } from "next/server";
import type { Ctx } from "@/lib/db/context";
import { RefusedError, UnauthenticatedError, ValidationError } from "@/lib/kernel/errors";
import { requestCtx } from "./ctx";
import { HTTP_STATUS, toFailure, type FailureView } from "./failure";
import { isSameOrigin } from "./origin";

export type Params = Record<string, string>;
type Handler = (request: NextRequest, context: { params: Promise<Params> }) => Promise<Response>;

/** What a verb's input is made of. */
export interface RouteInput {
  params: Params;
  /** Of the query string; a name given twice counts by its last value. */
  query: Record<string, string>;
  /** The parsed JSON body of a request that changes something; an empty body is `{}`. */
  body: Record<string, unknown>;
}

/** A name in the path. @throws ValidationError for a route that has none of that name */
export function param({ params }: Pick<RouteInput, "params">, name: string): string {
  const value = params[name];
  if (value === undefined) throw new ValidationError([{ path: name, message: "is missing in the path" }]);
  return value;
}

const BODY_BYTES_MAX = 1_000_000;

/** The JSON object in a request that changes something. @throws ValidationError */
export async function readBody(request: NextRequest): Promise<Record<string, unknown>> {
  if (request.method === "GET") return {};
  const text = await request.text();
  if (text.length > BODY_BYTES_MAX) throw new ValidationError([{ path: "", message: "the body is larger than 1 MB" }]);
  if (!text) return {};
  const bad = () => new ValidationError([{ path: "", message: "the body is not a JSON object" }]);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw bad();
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw bad();
  return parsed as Record<string, unknown>;
}

/** A cookie is sent by the browser whoever made the request: what changes something must come from our own pages. */
function checkOrigin(request: NextRequest): void {
  if (request.method === "GET" || isSameOrigin(request.headers)) return;
  throw new RefusedError("the request came from another site", { hint: "Use the console's own pages." });
}

export function failureResponse(failure: FailureView): Response {
  return Response.json(
    { error: failure },
    { status: HTTP_STATUS[failure.code], headers: { "cache-control": "no-store" } },
  );
}

/** Runs `work` for whoever is signed in, and turns every error into its answer. */
export function guarded(work: (ctx: Ctx, request: NextRequest, params: Params) => Promise<Response>): Handler {
  return async (request, context) => {
    const ctx = await requestCtx();
    try {
      if (ctx.actor.kind === "anonymous") {
        throw new UnauthenticatedError("nobody is signed in", { hint: "Sign in, then try again." });
      }
      checkOrigin(request);
      return await work(ctx, request, await context.params);
    } catch (error) {
      return failureResponse(toFailure(ctx, error));
    }
  };
}

/** A verb as a route handler: session → ctx → input → verb → JSON. */
export function route<I, T>(verb: (ctx: Ctx, input: I) => Promise<T>, toInput: (input: RouteInput) => I): Handler {
  return guarded(async (ctx, request, params) => {
    const body = await readBody(request);
    const query = Object.fromEntries(request.nextUrl.searchParams);
    const answer = await verb(ctx, toInput({ params, query, body }));
    return Response.json(answer ?? {}, {
      headers: { "cache-control": "no-store", "x-now": String(ctx.now().getTime()) },
    });
  });
}
