import { describe, expect, test } from "vitest";
import {
  CancelledError,
  ConflictError,
  DamagedError,
  EXIT_CODES,
  EngineError,
  ForbiddenError,
  LimitError,
  NotFoundError,
  PreconditionError,
  RefusedError,
  UnauthenticatedError,
  ValidationError,
  isRetryable,
  summarizeError,
} from "./errors";

const engineError = (permanent: boolean) =>
  new EngineError("the bucket is gone", {
    engine: "s3",
    operation: "store",
    permanent,
    hint: "Was it deleted?",
    cause: new Error("404"),
  });

describe("what is shown of an error", () => {
  test.each([
    [
      new ValidationError([
        { path: "rto", message: "too long" },
        { path: "", message: "empty" },
      ]),
      "VALIDATION",
      "rto: too long; empty",
    ],
    [new UnauthenticatedError("nobody"), "UNAUTHENTICATED", "nobody"],
    [new ForbiddenError("no"), "FORBIDDEN", "no"],
    [new NotFoundError("system", "x"), "NOT_FOUND", 'system "x" does not exist'],
    [new ConflictError("lost"), "CONFLICT", "lost"],
    [new PreconditionError("not now"), "PRECONDITION", "not now"],
    [new RefusedError("unsafe"), "REFUSED", "unsafe"],
    [new LimitError("too much"), "LIMIT", "too much"],
    [engineError(true), "ENGINE", "the bucket is gone"],
    [new DamagedError("flipped"), "DAMAGED", "flipped"],
    [new CancelledError("stopped"), "CANCELLED", "stopped"],
  ])("of a known kind is its code and text: %s", (...[error, code, message]) => {
    expect(summarizeError(error)).toMatchObject({ code, message });
    expect(error.name).toBe(error.constructor.name);
  });

  test("of an unforeseen one is nothing of its text", () => {
    for (const error of [new Error("password hunter2"), "password hunter2", null]) {
      const summary = summarizeError(error);
      expect(summary.code).toBe("INTERNAL");
      expect(JSON.stringify(summary)).not.toContain("hunter2");
    }
  });

  test("keeps the hint, and never the cause", () => {
    expect(summarizeError(engineError(false))).toEqual({
      code: "ENGINE",
      message: "the bucket is gone",
      hint: "Was it deleted?",
    });
  });
});

test("the command line ends with 2 for wrong input, 3 where a guard refused, 1 for any other failure", () => {
  const codes = Object.entries(EXIT_CODES);
  const of = (exit: number) => codes.filter(([, code]) => code === exit).map(([name]) => name);
  expect(of(2)).toEqual(["VALIDATION"]);
  expect(of(3)).toEqual(expect.arrayContaining(["FORBIDDEN", "PRECONDITION", "REFUSED"]));
  expect(of(0)).toEqual([]);
  expect(codes.every(([, code]) => [1, 2, 3].includes(code))).toBe(true);
});

test("only what may pass by itself is tried again", () => {
  expect(isRetryable(engineError(false))).toBe(true);
  expect(isRetryable(new LimitError("later"))).toBe(true);
  const others = [engineError(true), new RefusedError("no"), new CancelledError("stopped"), new Error("bug")];
  expect(others.filter(isRetryable)).toEqual([]);
});
