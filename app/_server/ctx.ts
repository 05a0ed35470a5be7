import "server-only";
import { cookies, headers } from "next/headers";
import { cache } from "react";
import type { SessionUser } from "@/lib/access/schemas";
import { createCtx, type Ctx } from "@/lib/db/context";
import { newId } from "@/lib/kernel/ids";
import { isSecure, originOf } from "./origin";
import { runtime } from "./runtime";
import { readSession, sessionCookie } from "./session";

/** The user of the request that is being answered; asked once a request. */
export const currentUser = cache(async (): Promise<SessionUser | null> => {
  const [jar, head] = await Promise.all([cookies(), headers()]);
  return readSession(jar.get(sessionCookie(isSecure(head)))?.value);
});

/** What a verb needs, for the request that is being answered. Nobody signed in: the anonymous actor. */
export const requestCtx = cache(async (): Promise<Ctx> => {
  const { db, log } = runtime();
  const [user, head] = await Promise.all([currentUser(), headers()]);
  const correlationId = newId();
  const base = { db, origin: originOf(head), correlationId, log: log.child({ correlationId }) };
  if (!user) return createCtx({ ...base, actor: { kind: "anonymous" } });
  const { id, email, name, role, tenantId } = user;
  return createCtx({ ...base, tenantId, actor: { kind: "user", id, email, name, role } });
});
