import "server-only";
import type { AuthOptions } from "next-auth";
import CredentialsProvider from "next-auth/providers/credentials";
import { decode } from "next-auth/jwt";
import { endSession, findSessionUser, isSessionValid, verifyCredentials } from "@/lib/access";
import type { SessionUser } from "@/lib/access/schemas";
import { createCtx } from "@/lib/db/context";
import { HoldfastError } from "@/lib/kernel/errors";
import { originOf } from "./origin";
import { runtime } from "./runtime";

/** A session lasts a working day; then one signs in again. */
const SESSION_SECONDS = 12 * 3_600;

/** Two names: a secure cookie must not be replaced by one that a plain connection set. */
export function sessionCookie(isSecure: boolean): string {
  return isSecure ? "__Host-holdfast-session" : "holdfast-session";
}

async function signIn(credentials: { email: string; password: string } | undefined, headers: Headers) {
  const { db, log } = runtime();
  const ctx = createCtx({ db, log, actor: { kind: "system", job: "sign-in" }, origin: originOf(headers) });
  try {
    return await verifyCredentials(ctx, { email: credentials?.email || "?", password: credentials?.password ?? "" });
  } catch (error) {
    // next-auth hands the message of this error to the page; the page knows these words.
    if (error instanceof HoldfastError) throw new Error(error.code);
    log.error({ err: error, correlationId: ctx.correlationId }, "sign-in failed");
    throw new Error("INTERNAL");
  }
}

async function recordSignOut(userId: string | undefined, headers: Headers): Promise<void> {
  const { db, log } = runtime();
  const user = userId ? await findSessionUser({ db }, userId) : null;
  if (!user) return;
  const { id, email, name, role, tenantId } = user;
  const actor = { kind: "user", id, email, name, role } as const;
  await endSession(createCtx({ db, log, actor, tenantId, origin: originOf(headers) }));
}

/** next-auth's settings for one request: the cookie's safety and the audit log's origin depend on it. */
export function authOptions(headers: Headers, isSecureRequest: boolean): AuthOptions {
  const { sessionSecret, log } = runtime();
  const cookie = { httpOnly: true, sameSite: "lax", path: "/", secure: isSecureRequest } as const;
  return {
    secret: sessionSecret,
    useSecureCookies: isSecureRequest,
    session: { strategy: "jwt", maxAge: SESSION_SECONDS },
    pages: { signIn: "/sign-in" },
    cookies: { sessionToken: { name: sessionCookie(isSecureRequest), options: cookie } },
    providers: [
      CredentialsProvider({
        credentials: { email: {}, password: {} },
        authorize: (credentials) => signIn(credentials, headers),
      }),
    ],
    callbacks: {
      jwt: ({ token, user }) => (user ? { sub: user.id, startedAt: Date.now() } : token),
    },
    events: { signOut: ({ token }) => recordSignOut(token.sub, headers) },
    logger: {
      error: (code, metadata) => log.error({ code, metadata }, "next-auth failed"),
      warn: (code) => log.debug({ code }, "next-auth warned"),
      debug: () => undefined,
    },
  };
}

/**
 * Who a request's cookie names. The user is read at every request, so that a disabled account and a changed role take
 * effect at once. Null: nobody, or a session that has ended.
 */
export async function readSession(token: string | undefined): Promise<SessionUser | null> {
  if (!token) return null;
  const { sessionSecret, db } = runtime();
  const claims = await decode({ token, secret: sessionSecret }).catch(() => null);
  if (!claims?.sub || typeof claims["startedAt"] !== "number") return null;
  const user = await findSessionUser({ db }, claims.sub);
  return user && isSessionValid(user, new Date(claims["startedAt"])) ? user : null;
}
