import type { SessionUser } from "./schemas";

/** Whether a session that began at an instant still holds: it ends when the role or the password changes or the account
 *  is disabled. */
export function isSessionValid(user: Pick<SessionUser, "sessionsFrom">, signedInAt: Date): boolean {
  return signedInAt.getTime() >= Date.parse(user.sessionsFrom);
}

/** Failed sign-ins of one name, or from one address, after which the next is refused. */
export const FAILURES_MAX = 5;
export const THROTTLE_WINDOW_MS = 15 * 60_000;

/** Whether an address names the machine itself: a proxy on it, not a person behind it. */
export function isLoopback(ipAddress: string): boolean {
  return ipAddress === "::1" || /^(::ffff:)?127\./i.test(ipAddress);
}
