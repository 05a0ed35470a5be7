import { expect, test } from "vitest";
import { z } from "zod";
import { createLogger } from "@/lib/kernel/log";
import { ForbiddenError, PreconditionError } from "@/lib/kernel/errors";
import { HTTP_STATUS, toFailure } from "./failure";

const ctx = { log: createLogger("silent"), correlationId: "01a2" };

test("a known error keeps its message and hint", () => {
  const failure = toFailure(ctx, new PreconditionError("no backup", { hint: "Take one first." }));
  expect(failure).toEqual({ code: "PRECONDITION", message: "no backup", hint: "Take one first.", requestId: "01a2" });
  expect(HTTP_STATUS[failure.code]).toBe(409);
});

test("input that does not parse names each field", () => {
  const { error } = z.strictObject({ name: z.string(), size: z.number() }).safeParse({ name: 1 });
  const failure = toFailure(ctx, error);
  expect(failure.code).toBe("VALIDATION");
  expect(Object.keys(failure.fieldErrors ?? {})).toEqual(["name", "size"]);
});

test("a defect tells nothing of itself but the id to look for", () => {
  const failure = toFailure(ctx, new TypeError("password=hunter2 in /srv/secret"));
  expect(failure).toMatchObject({ code: "INTERNAL", requestId: "01a2" });
  expect(JSON.stringify(failure)).not.toMatch(/hunter2|secret/);
});

test("a missing permission is 403", () => {
  expect(HTTP_STATUS[toFailure(ctx, new ForbiddenError("no")).code]).toBe(403);
});
