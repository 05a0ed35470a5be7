import { describe, expect, test } from "vitest";
import type { Actor } from "./actor";
import { actorId, actorLabel } from "./actor";
import { ForbiddenError, UnauthenticatedError } from "./errors";
import { PERMISSIONS, type Permission, ROLES, isAllowed, isRoleAllowed, requirePermission } from "./permissions";

/* Written out by hand beside the code's own matrix: a right that is given by mistake must be given twice. */
const READS = [
  "account.use",
  "backup.read",
  "drill.read",
  "retention.read",
  "run.read",
  "runbook.read",
  "system.read",
  "alert.read",
];
const ACTS = [
  "alert.acknowledge",
  "alert.test",
  "backup.start",
  "drill.complete",
  "finding.manage",
  "repository.check",
  "repository.repair",
  "restore.start",
  "retention.lift",
  "run.abort",
  "run.decide",
  "runbook.drill",
  "runbook.live",
  "verification.start",
];
const WANTED: Record<(typeof ROLES)[number], string[]> = {
  viewer: [...READS],
  operator: [...READS, ...ACTS, "configuration.read", "drill.sign"],
  auditor: [...READS, "audit.export", "audit.read", "configuration.read", "drill.sign", "user.read"],
  administrator: [
    ...READS,
    ...ACTS,
    "audit.export",
    "audit.read",
    "catalog.rebuild",
    "configuration.apply",
    "configuration.read",
    "drill.sign",
    "retention.apply",
    "user.manage",
    "user.read",
  ],
};
const NOBODYS: Permission[] = ["session.start", "job.perform"];

const user = (role: (typeof ROLES)[number]): Actor => ({
  kind: "user",
  id: "1",
  email: "a@example.com",
  name: "A",
  role,
});
const shell: Actor = { kind: "shell", user: "root" };
const system: Actor = { kind: "system", job: "runner" };
const anonymous: Actor = { kind: "anonymous" };

describe("the permission matrix", () => {
  test.each(ROLES)("gives the role %s what is meant, and nothing else", (role) => {
    const held = PERMISSIONS.filter((permission) => isRoleAllowed(role, permission));
    expect([...held].sort()).toEqual([...WANTED[role]].sort());
  });

  test("gives no person what only a process of ours does", () => {
    for (const permission of NOBODYS) {
      for (const role of ROLES) expect(isAllowed(user(role), permission)).toBe(false);
      expect(isAllowed(shell, permission)).toBe(false);
      expect(isAllowed(system, permission)).toBe(true);
    }
  });

  test("gives the machine's shell everything that an administrator has", () => {
    const held = PERMISSIONS.filter((permission) => isAllowed(shell, permission));
    expect(held).toEqual(PERMISSIONS.filter((permission) => isAllowed(user("administrator"), permission)));
  });

  test("gives nobody anything who is not signed in", () => {
    expect(PERMISSIONS.filter((permission) => isAllowed(anonymous, permission))).toEqual([]);
  });
});

describe("a verb that needs a permission", () => {
  test("tells one who is not signed in to sign in, and one who lacks it what is missing", () => {
    expect(() => requirePermission({ actor: anonymous }, "system.read")).toThrow(UnauthenticatedError);
    expect(() => requirePermission({ actor: user("viewer") }, "backup.start")).toThrow(ForbiddenError);
    expect(() => requirePermission({ actor: user("viewer") }, "backup.start")).toThrow(
      '"viewer" lacks the permission "backup.start"',
    );
    expect(() => requirePermission({ actor: shell }, "job.perform")).toThrow('the role "shell"');
    expect(() => requirePermission({ actor: user("operator") }, "backup.start")).not.toThrow();
  });
});

test("an actor is named for people, and by an id that does not change with the name", () => {
  expect([user("viewer"), shell, system, anonymous].map(actorLabel)).toEqual([
    "a@example.com",
    "shell:root",
    "system:runner",
    "anonymous",
  ]);
  expect([user("viewer"), shell].map(actorId)).toEqual(["1", "shell:root"]);
});
