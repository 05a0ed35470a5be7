import { PERMISSIONS, type Permission, type Role, isRoleAllowed } from "@/lib/kernel/permissions";

/** What a change of role gives and takes. */
export function permissionChange(before: Role, after: Role): { granted: Permission[]; revoked: Permission[] } {
  const differs = (has: Role, hasNot: Role) =>
    PERMISSIONS.filter((permission) => isRoleAllowed(has, permission) && !isRoleAllowed(hasNot, permission));
  return { granted: differs(after, before), revoked: differs(before, after) };
}
