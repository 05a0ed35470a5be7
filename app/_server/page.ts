import "server-only";
import { headers } from "next/headers";
import { notFound, redirect } from "next/navigation";
import type { Ctx } from "@/lib/db/context";
import { NotFoundError } from "@/lib/kernel/errors";
import { isAllowed, type Permission } from "@/lib/kernel/permissions";
import { currentUser, requestCtx } from "./ctx";

/** The ctx of a page's reader. Nobody signed in: to sign-in, and back here afterwards. */
export async function pageCtx(): Promise<Ctx> {
  if (!(await currentUser())) {
    const path = (await headers()).get("x-path") ?? "/";
    redirect(path === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(path)}`);
  }
  return requestCtx();
}

/** What the reader may do, of the permissions asked for: the page leaves out what would be refused. */
export function rightsOf<P extends Permission>(ctx: Ctx, permissions: readonly P[]): Record<P, boolean> {
  return Object.fromEntries(permissions.map((name) => [name, isAllowed(ctx.actor, name)])) as Record<P, boolean>;
}

/** Answers "not found" for what does not exist, or may not be seen. */
export async function orNotFound<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof NotFoundError) notFound();
    throw error;
  }
}
