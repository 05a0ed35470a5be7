import type { Actor } from "./actor";
import { ForbiddenError, UnauthenticatedError } from "./errors";

export const ROLES = ["viewer", "operator", "auditor", "administrator"] as const;
export type Role = (typeof ROLES)[number];

/** The one matrix that pages, server actions, the API and the command line use. */
const MATRIX = {
  "system.read": ["viewer", "operator", "auditor", "administrator"],
  "backup.read": ["viewer", "operator", "auditor", "administrator"],
  "backup.start": ["operator", "administrator"],
  "repository.check": ["operator", "administrator"],
  "repository.repair": ["operator", "administrator"],
  "catalog.rebuild": ["administrator"],
  "restore.start": ["operator", "administrator"],
  "verification.start": ["operator", "administrator"],
  "finding.manage": ["operator", "administrator"],
  "retention.read": ["viewer", "operator", "auditor", "administrator"],
  "retention.apply": ["administrator"],
  "retention.lift": ["operator", "administrator"],
  "runbook.read": ["viewer", "operator", "auditor", "administrator"],
  "runbook.drill": ["operator", "administrator"],
  "runbook.live": ["operator", "administrator"],
  "run.read": ["viewer", "operator", "auditor", "administrator"],
  "run.abort": ["operator", "administrator"],
  "run.decide": ["operator", "administrator"],
  "drill.read": ["viewer", "operator", "auditor", "administrator"],
  "drill.complete": ["operator", "administrator"],
  "drill.sign": ["operator", "auditor", "administrator"],
  "alert.read": ["viewer", "operator", "auditor", "administrator"],
  "alert.acknowledge": ["operator", "administrator"],
  "alert.test": ["operator", "administrator"],
  "audit.read": ["auditor", "administrator"],
  "audit.export": ["auditor", "administrator"],
  "configuration.read": ["operator", "auditor", "administrator"],
  "configuration.apply": ["administrator"],
  "user.read": ["auditor", "administrator"],
  "user.manage": ["administrator"],
  /** One's own account: end the session, change the password. */
  "account.use": ["viewer", "operator", "auditor", "administrator"],
  /** What only the sign-in of the web server does. */
  "session.start": [],
  /** What only the runner and the supervisor do. */
  "job.perform": [],
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof MATRIX;
export const PERMISSIONS = Object.keys(MATRIX) as Permission[];

/** Whether a role holds a permission. */
export function isRoleAllowed(role: Role, permission: Permission): boolean {
  return (MATRIX[permission] as readonly Role[]).includes(role);
}

/** Whether an actor holds a permission. The machine's shell counts as an administrator: who may read the
 *  console's database and keys there can do anything already. */
export function isAllowed(actor: Actor, permission: Permission): boolean {
  switch (actor.kind) {
    case "user":
      return isRoleAllowed(actor.role, permission);
    case "shell":
      return permission !== "job.perform" && permission !== "session.start";
    case "system":
      return true;
    case "anonymous":
      return false;
  }
}

/** First line of every verb. @throws UnauthenticatedError, ForbiddenError */
export function requirePermission(ctx: { actor: Actor }, permission: Permission): void {
  if (isAllowed(ctx.actor, permission)) return;
  if (ctx.actor.kind === "anonymous") {
    throw new UnauthenticatedError("nobody is signed in", { hint: "Sign in, then try again." });
  }
  const role = ctx.actor.kind === "user" ? ctx.actor.role : ctx.actor.kind;
  throw new ForbiddenError(`the role "${role}" lacks the permission "${permission}"`, {
    hint: "An administrator can change your role under Settings, or with `holdfast user role`.",
  });
}
