import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Ctx, deriveCtx } from "@/lib/db/context";
import {
  ADMINISTRATOR,
  ANONYMOUS,
  AUDITOR,
  OPERATOR,
  type TestDatabase,
  VIEWER,
  openTestDatabase,
  systemActor,
} from "@/lib/db/test-database";
import type { Actor } from "@/lib/kernel/actor";
import {
  ConflictError,
  ForbiddenError,
  LimitError,
  NotFoundError,
  RefusedError,
  UnauthenticatedError,
} from "@/lib/kernel/errors";
import type { Role } from "@/lib/kernel/permissions";
import {
  changePassword,
  changeRole,
  createUser,
  disableUser,
  enableUser,
  endSession,
  findSessionUser,
  isSessionValid,
  listUsers,
  resetPassword,
  verifyCredentials,
} from ".";

const PASSWORD = "a-long-enough-password";

let database: TestDatabase;
let admin: Ctx;
let signIn: Ctx;
beforeAll(async () => {
  database = await openTestDatabase();
  admin = database.ctx();
  signIn = database.ctx(systemActor("sign-in"));
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.db.user.deleteMany();
  // Failed sign-ins of one test are over before the next one.
  database.clock.advance(3_600_000);
});

let people = 0;
async function addUser(role: Role = "viewer", name = `person-${(people += 1)}`) {
  const { user } = await createUser(admin, { email: `${name}@example.com`, name, role, password: PASSWORD });
  return user;
}

const fromAddress = (ipAddress: string, ctx = signIn): Ctx => deriveCtx(ctx, { origin: { ipAddress } });
const otherTenant = (): Ctx => deriveCtx(database.ctx(), { tenantId: "another" });
const actorOf = (user: { id: string; email: string; name: string; role: Role }): Actor => ({ kind: "user", ...user });
const eventsOf = (entityId: string) => database.db.auditEvent.findMany({ where: { entityId }, orderBy: { id: "asc" } });
const rowOf = (id: string) => database.db.user.findUniqueOrThrow({ where: { id } });

describe("createUser", () => {
  it("adds a person with an argon2id hash and leaves an event without it", async () => {
    const { user, password } = await createUser(admin, { email: "Ann@Example.com", name: "Ann", role: "operator" });
    expect(user).toMatchObject({ email: "ann@example.com", role: "operator", disabledAt: null });
    expect(password).toMatch(/^\w{4}(-\w{4}){4}$/);
    expect((await rowOf(user.id)).passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const events = await eventsOf(user.id);
    expect(events).toMatchObject([{ action: "user.created", performedBy: "administrator@example.com" }]);
    expect(JSON.stringify(events)).not.toMatch(/argon2/);
    expect(JSON.stringify(events)).not.toContain(password);
  });

  it("does not show a password that was given", async () => {
    expect(
      (await createUser(admin, { email: "b@example.com", name: "B", role: "viewer", password: PASSWORD })).password,
    ).toBeNull();
  });

  it("is a conflict for a taken e-mail in any case, and then leaves no event", async () => {
    const { email } = await addUser();
    const events = await database.db.auditEvent.count();
    await expect(createUser(admin, { email: email.toUpperCase(), name: "Other", role: "viewer" })).rejects.toThrow(
      ConflictError,
    );
    expect(await database.db.auditEvent.count()).toBe(events);
  });

  it("refuses a short password and what is no e-mail", async () => {
    await expect(
      createUser(admin, { email: "c@example.com", name: "C", role: "viewer", password: "short" }),
    ).rejects.toThrow("12");
    await expect(createUser(admin, { email: "c", name: "C", role: "viewer" })).rejects.toThrow("email");
  });

  it.each([VIEWER, OPERATOR, AUDITOR])("rejects the actor $email", async (actor) => {
    await expect(
      createUser(database.ctx(actor), { email: "d@example.com", name: "D", role: "viewer" }),
    ).rejects.toThrow(ForbiddenError);
  });
});

describe("listUsers", () => {
  it("shows the tenant's people without their hashes", async () => {
    const user = await addUser();
    const { users } = await listUsers(database.ctx(AUDITOR));
    expect(users).toEqual([user]);
    expect(JSON.stringify(users)).not.toMatch(/argon2|hash/i);
    expect((await listUsers(otherTenant())).users).toEqual([]);
  });

  it("rejects who may not see it", async () => {
    await expect(listUsers(database.ctx(OPERATOR))).rejects.toThrow(ForbiddenError);
  });
});

describe("disableUser and enableUser", () => {
  it("end access and sessions, and give access back", async () => {
    const user = await addUser();
    const signedInAt = database.clock.now();
    database.clock.advance(1_000);
    expect((await disableUser(admin, { user: user.email })).disabledAt).toBe(database.clock.now().toISOString());
    expect(await findSessionUser(admin, user.id)).toBeNull();
    expect((await enableUser(admin, { user: user.id })).disabledAt).toBeNull();
    const session = await findSessionUser(admin, user.id);
    expect(session && isSessionValid(session, signedInAt)).toBe(false);
    expect(session && isSessionValid(session, database.clock.now())).toBe(true);
    expect((await eventsOf(user.id)).map(({ action }) => action)).toEqual([
      "user.created",
      "user.disabled",
      "user.enabled",
    ]);
  });

  it("are conflicts when they are true already", async () => {
    const user = await addUser();
    await expect(enableUser(admin, { user: user.id })).rejects.toThrow(ConflictError);
    await disableUser(admin, { user: user.id });
    await expect(disableUser(admin, { user: user.id })).rejects.toThrow(ConflictError);
  });

  it("do not know a person of another tenant", async () => {
    const user = await addUser();
    await expect(disableUser(otherTenant(), { user: user.id })).rejects.toThrow(NotFoundError);
    await expect(enableUser(otherTenant(), { user: user.email })).rejects.toThrow(NotFoundError);
  });

  it("reject the read-only actor", async () => {
    const user = await addUser();
    await expect(disableUser(database.ctx(VIEWER), { user: user.id })).rejects.toThrow(ForbiddenError);
    await expect(enableUser(database.ctx(VIEWER), { user: user.id })).rejects.toThrow(ForbiddenError);
  });
});

describe("changeRole", () => {
  it("records what was granted and what was revoked, and ends the old sessions", async () => {
    const user = await addUser("operator");
    const signedInAt = database.clock.now();
    database.clock.advance(1_000);
    expect((await changeRole(admin, { user: user.email, role: "auditor" })).role).toBe("auditor");
    const changes = { before: { role: "operator" }, after: { role: "auditor" } };
    expect((await eventsOf(user.id)).slice(1)).toMatchObject([
      { action: "permission.granted", severity: "high", changes, metadata: { email: user.email } },
      { action: "permission.revoked", severity: "high", changes },
    ]);
    const session = await findSessionUser(admin, user.id);
    expect(session && isSessionValid(session, signedInAt)).toBe(false);
  });

  it("to the same role writes nothing", async () => {
    const user = await addUser("operator");
    database.clock.advance(1_000);
    await changeRole(admin, { user: user.id, role: "operator" });
    expect(await eventsOf(user.id)).toHaveLength(1);
    expect((await rowOf(user.id)).sessionsFrom.toISOString()).toBe(user.createdAt);
  });

  it("does not know a person of another tenant, and rejects the read-only actor", async () => {
    const user = await addUser();
    await expect(changeRole(otherTenant(), { user: user.id, role: "operator" })).rejects.toThrow(NotFoundError);
    await expect(changeRole(database.ctx(AUDITOR), { user: user.id, role: "operator" })).rejects.toThrow(
      ForbiddenError,
    );
  });
});

describe("the last administrator", () => {
  it("can be neither disabled nor demoted, and a disabled one does not count", async () => {
    const one = await addUser("administrator");
    const other = await addUser("administrator");
    await disableUser(admin, { user: other.id });
    await expect(disableUser(admin, { user: one.id })).rejects.toThrow(RefusedError);
    await expect(changeRole(admin, { user: one.id, role: "viewer" })).rejects.toThrow(RefusedError);
    expect(await findSessionUser(admin, one.id)).toMatchObject({ role: "administrator" });
  });

  it("is left when two administrators take away each other at once", async () => {
    for (let round = 0; round < 5; round += 1) {
      await database.db.user.deleteMany();
      const [one, other] = [await addUser("administrator"), await addUser("administrator")];
      await Promise.allSettled([
        disableUser(admin, { user: one.id }),
        changeRole(admin, { user: other.id, role: "viewer" }),
      ]);
      expect(await database.db.user.count({ where: { role: "administrator", disabledAt: null } })).toBe(1);
    }
  });
});

describe("verifyCredentials", () => {
  it("answers with the person and records the sign-in as theirs", async () => {
    const user = await addUser("operator");
    const session = await verifyCredentials(signIn, { email: ` ${user.email.toUpperCase()} `, password: PASSWORD });
    expect(session).toMatchObject({ id: user.id, role: "operator", tenantId: "default" });
    expect((await eventsOf(user.id)).at(-1)).toMatchObject({
      action: "user.login",
      actorId: user.id,
      performedBy: user.email,
      ipAddress: "192.0.2.7",
      userAgent: "vitest",
      metadata: { method: "password" },
    });
  });

  it.each([
    {
      what: "an unknown name",
      reason: "unknown-user",
      prepare: () => Promise.resolve("nobody@example.com"),
      password: PASSWORD,
    },
    {
      what: "a wrong password",
      reason: "wrong-password",
      prepare: async () => (await addUser()).email,
      password: "another-long-one",
    },
    {
      what: "a password beyond any length",
      reason: "wrong-password",
      prepare: async () => (await addUser()).email,
      password: PASSWORD.padEnd(100_000, "x"),
    },
    {
      what: "a disabled account",
      reason: "disabled",
      prepare: async () => (await disableUser(admin, { user: (await addUser()).id })).email,
      password: PASSWORD,
    },
  ])("gives $what the same answer, and the log the reason", async ({ reason, prepare, password }) => {
    const email = await prepare();
    await expect(verifyCredentials(fromAddress("198.51.100.1"), { email, password })).rejects.toThrow(
      "the e-mail or the password is wrong",
    );
    const [event] = await database.db.auditEvent.findMany({
      where: { action: "login.failed" },
      orderBy: { id: "desc" },
      take: 1,
    });
    expect(event).toMatchObject({
      severity: "warning",
      actorKind: "anonymous",
      ipAddress: "198.51.100.1",
      metadata: { attemptedName: email, reason },
    });
    expect(JSON.stringify(event)).not.toContain(password.slice(0, 12));
  });

  it("records a name that no column could hold as typed", async () => {
    const email = `\u0000\ud800${"x".repeat(5_000)}`;
    await expect(verifyCredentials(signIn, { email, password: PASSWORD })).rejects.toThrow(UnauthenticatedError);
    const [event] = await database.db.auditEvent.findMany({
      where: { action: "login.failed" },
      orderBy: { id: "desc" },
      take: 1,
    });
    expect(event?.metadata).toMatchObject({ attemptedName: `\uFFFD\uFFFD${"x".repeat(252)}` });
  });

  it("is the web server's alone", async () => {
    for (const actor of [ANONYMOUS, ADMINISTRATOR, { kind: "shell", user: "root" } as const]) {
      await expect(
        verifyCredentials(database.ctx(actor), { email: "a@example.com", password: PASSWORD }),
      ).rejects.toThrow();
    }
    expect(
      await database.db.auditEvent.count({ where: { action: "login.failed", receivedAt: database.clock.now() } }),
    ).toBe(0);
  });

  it("takes as long for an unknown name as for a known one, since both compute a hash", async () => {
    const { email } = await addUser();
    // The quickest of four: what a busy machine adds is not the question.
    const quickest = async (nameOf: (i: number) => string) => {
      const times = [];
      for (let i = 0; i < 4; i += 1) {
        const start = performance.now();
        await expect(
          verifyCredentials(fromAddress("127.0.0.1"), { email: nameOf(i), password: "wrong" }),
        ).rejects.toThrow(UnauthenticatedError);
        times.push(performance.now() - start);
      }
      return Math.min(...times);
    };
    const unknown = await quickest((i) => `nobody-${i}@example.com`);
    const known = await quickest(() => email);
    expect(unknown / known).toBeGreaterThan(0.4);
    expect(unknown / known).toBeLessThan(2.5);
  });
});

describe("the throttle", () => {
  const guess = (email: string, address: string, password = "wrong-password") =>
    verifyCredentials(fromAddress(address), { email, password });

  it("refuses the sixth attempt on a name from anywhere, the right password included, for 15 minutes", async () => {
    const { email } = await addUser();
    for (let i = 0; i < 5; i += 1) await expect(guess(email, `203.0.113.${i}`)).rejects.toThrow(UnauthenticatedError);
    await expect(guess(email, "203.0.113.200", PASSWORD)).rejects.toThrow(LimitError);
    database.clock.advance(15 * 60_000 - 1);
    await expect(guess(email, "203.0.113.200", PASSWORD)).rejects.toThrow(LimitError);
    database.clock.advance(2);
    expect((await guess(email, "203.0.113.200", PASSWORD)).email).toBe(email);
  });

  it("refuses the sixth attempt from an address on whatever name, and nobody elsewhere", async () => {
    const { email } = await addUser();
    for (let i = 0; i < 5; i += 1)
      await expect(guess(`nobody-${i}@example.com`, "203.0.113.9")).rejects.toThrow(UnauthenticatedError);
    await expect(guess(email, "203.0.113.9", PASSWORD)).rejects.toThrow(LimitError);
    expect((await guess(email, "203.0.113.10", PASSWORD)).email).toBe(email);
  });

  it("does not take the machine's own address for a person", async () => {
    const { email } = await addUser();
    for (let i = 0; i < 6; i += 1)
      await expect(guess(`somebody-${i}@example.com`, "127.0.0.1")).rejects.toThrow(UnauthenticatedError);
    expect((await guess(email, "::ffff:127.0.0.1", PASSWORD)).email).toBe(email);
  });

  it("counts from the last sign-in that worked", async () => {
    const { email } = await addUser();
    for (let round = 0; round < 2; round += 1) {
      for (let i = 0; i < 4; i += 1) await expect(guess(email, `203.0.113.${i}`)).rejects.toThrow(UnauthenticatedError);
      await guess(email, "203.0.113.100", PASSWORD);
    }
    for (let i = 10; i < 15; i += 1) await expect(guess(email, `203.0.113.${i}`)).rejects.toThrow(UnauthenticatedError);
    await expect(guess(email, "203.0.113.100", PASSWORD)).rejects.toThrow(LimitError);
  });

  it("is told once a minute and is not prolonged by refused attempts", async () => {
    const { email } = await addUser();
    for (let i = 0; i < 5; i += 1) await expect(guess(email, `203.0.113.${i}`)).rejects.toThrow(UnauthenticatedError);
    const told = () =>
      database.db.auditEvent.count({
        where: {
          action: "login.failed",
          metadata: { path: ["reason"], equals: "throttled" },
          AND: [{ metadata: { path: ["attemptedName"], equals: email } }],
        },
      });
    for (let i = 0; i < 10; i += 1) await expect(guess(email, "203.0.113.77")).rejects.toThrow(LimitError);
    expect(await told()).toBe(1);
    database.clock.advance(14 * 60_000);
    await expect(guess(email, "203.0.113.77")).rejects.toThrow(LimitError);
    expect(await told()).toBe(2);
    database.clock.advance(61_000);
    expect((await guess(email, "203.0.113.77", PASSWORD)).email).toBe(email);
  });

  it("lets no more than five of many guesses at once through", async () => {
    const { email } = await addUser();
    const results = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => guess(email, `203.0.113.${i}`)));
    const judged = results.filter(
      (result) => result.status === "rejected" && result.reason instanceof UnauthenticatedError,
    );
    expect(judged.length).toBeGreaterThan(0);
    expect(judged.length).toBeLessThanOrEqual(5);
    expect(results.every(({ status }) => status === "rejected")).toBe(true);
  });
});

describe("changePassword", () => {
  const NEXT = "the-next-long-password";

  it("needs the current one, ends all sessions and leaves an event", async () => {
    const user = await addUser();
    const own = database.ctx(actorOf(user));
    database.clock.advance(1_000);
    await changePassword(own, { currentPassword: PASSWORD, newPassword: NEXT });
    expect((await rowOf(user.id)).sessionsFrom).toEqual(database.clock.now());
    expect((await eventsOf(user.id)).at(-1)).toMatchObject({
      action: "password.changed",
      performedBy: user.email,
      metadata: { by: "owner" },
    });
    expect((await verifyCredentials(signIn, { email: user.email, password: NEXT })).id).toBe(user.id);
    await expect(verifyCredentials(signIn, { email: user.email, password: PASSWORD })).rejects.toThrow(
      UnauthenticatedError,
    );
  });

  it("records a wrong current one, changes nothing, and is throttled like a sign-in", async () => {
    const user = await addUser();
    const own = database.ctx(actorOf(user));
    const { passwordHash } = await rowOf(user.id);
    for (let i = 0; i < 5; i += 1) {
      await expect(
        changePassword(fromAddress(`203.0.113.${i}`, own), { currentPassword: "wrong", newPassword: NEXT }),
      ).rejects.toThrow(UnauthenticatedError);
    }
    await expect(changePassword(own, { currentPassword: PASSWORD, newPassword: NEXT })).rejects.toThrow(LimitError);
    expect((await rowOf(user.id)).passwordHash).toBe(passwordHash);
    expect((await eventsOf(user.id)).filter(({ action }) => action === "login.failed")).toHaveLength(6);
  });

  it("knows nobody of another tenant and is refused to whoever has no password", async () => {
    const user = await addUser();
    const elsewhere = deriveCtx(database.ctx(actorOf(user)), { tenantId: "another" });
    const input = { currentPassword: PASSWORD, newPassword: NEXT };
    await expect(changePassword(elsewhere, input)).rejects.toThrow(NotFoundError);
    await expect(changePassword(database.ctx(ANONYMOUS), input)).rejects.toThrow(UnauthenticatedError);
    await expect(changePassword(database.ctx({ kind: "shell", user: "root" }), input)).rejects.toThrow("only a person");
  });
});

describe("resetPassword", () => {
  it("gives a new password that works, and ends the sessions", async () => {
    const user = await addUser();
    database.clock.advance(1_000);
    const { password } = await resetPassword(admin, { user: user.email });
    expect((await verifyCredentials(signIn, { email: user.email, password: password ?? "" })).id).toBe(user.id);
    expect((await rowOf(user.id)).sessionsFrom).toEqual(database.clock.now());
    const events = await eventsOf(user.id);
    expect(events[1]).toMatchObject({ action: "password.changed", metadata: { by: "administrator" } });
    expect(JSON.stringify(events)).not.toContain(password);
  });

  it("knows nobody of another tenant, and rejects the read-only actor", async () => {
    const user = await addUser();
    await expect(resetPassword(otherTenant(), { user: user.id })).rejects.toThrow(NotFoundError);
    await expect(resetPassword(database.ctx(VIEWER), { user: user.id })).rejects.toThrow(ForbiddenError);
  });
});

describe("endSession", () => {
  it("records the sign-out of the person, and nothing for nobody", async () => {
    const user = await addUser();
    await endSession(database.ctx(actorOf(user)));
    expect((await eventsOf(user.id)).at(-1)).toMatchObject({ action: "user.logout", performedBy: user.email });
    await expect(endSession(database.ctx(ANONYMOUS))).rejects.toThrow(UnauthenticatedError);
  });
});

describe("findSessionUser", () => {
  it("is null for an account that is not there", async () => {
    expect(await findSessionUser(admin, "00000000-0000-7000-8000-000000000099")).toBeNull();
  });
});
