import { z } from "zod";
import { ROLES } from "@/lib/kernel/permissions";

export { ROLES, type Role } from "@/lib/kernel/permissions";

/** Argon2 takes any length; the upper bound keeps a request from costing more than a password can. */
export const PASSWORD_LENGTH_MIN = 12;
export const PASSWORD_LENGTH_MAX = 128;

const Email = z.email().max(254).toLowerCase();
const NewPassword = z.string().min(PASSWORD_LENGTH_MIN).max(PASSWORD_LENGTH_MAX);
/** A user's id or e-mail. */
const UserReference = z.string().min(1).max(254);

/** A person who may sign in. The password's hash is never in it. */
export const UserView = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  createdAt: z.string(),
  /** Null: the account is in use. */
  disabledAt: z.string().nullable(),
});
export type UserView = z.infer<typeof UserView>;

/** What a session needs of its user. */
export const SessionUser = z.object({
  id: z.string(),
  tenantId: z.string(),
  email: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  /** Sessions that began before it are refused. */
  sessionsFrom: z.string(),
});
export type SessionUser = z.infer<typeof SessionUser>;

export const CreateUserInput = z.strictObject({
  email: Email,
  name: z.string().trim().min(1).max(200),
  role: z.enum(ROLES),
  /** Made for the person where it is not given. */
  password: NewPassword.optional(),
});
export type CreateUserInput = z.input<typeof CreateUserInput>;

export const CreatedUser = z.object({
  user: UserView,
  /** The password that was made: shown once, stored nowhere. */
  password: z.string().nullable(),
});
export type CreatedUser = z.infer<typeof CreatedUser>;

export const DisableUserInput = z.strictObject({ user: UserReference });
export type DisableUserInput = z.input<typeof DisableUserInput>;

export const EnableUserInput = z.strictObject({ user: UserReference });
export type EnableUserInput = z.input<typeof EnableUserInput>;

export const ChangeRoleInput = z.strictObject({ user: UserReference, role: z.enum(ROLES) });
export type ChangeRoleInput = z.input<typeof ChangeRoleInput>;

export const ChangePasswordInput = z.strictObject({
  currentPassword: z.string().max(PASSWORD_LENGTH_MAX),
  newPassword: NewPassword,
});
export type ChangePasswordInput = z.input<typeof ChangePasswordInput>;

export const ResetPasswordInput = z.strictObject({ user: UserReference });
export type ResetPasswordInput = z.input<typeof ResetPasswordInput>;

/** As typed into the form: any text, so that every attempt is recorded. */
export const VerifyCredentialsInput = z.strictObject({ email: z.string().min(1), password: z.string() });
export type VerifyCredentialsInput = z.input<typeof VerifyCredentialsInput>;
