import { userInfo } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { ValidationError } from "./errors";

const Environment = z.object({
  /** Keys, spools, scratch servers and the embedded database. Short, since sockets lie below it (107 bytes). */
  HOLDFAST_HOME: z.string().min(1).optional(),
  DATABASE_URL: z.string().min(1).optional(),
  HOLDFAST_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info"),
  /** Signs the console's session cookies. `holdfast up` makes one and keeps it. */
  NEXTAUTH_SECRET: z.string().min(16).optional(),
  HOLDFAST_PORT: z.coerce.number().int().min(1).max(65_535).default(3000),
});

export interface Environment {
  home: string;
  databaseUrl: string | undefined;
  logLevel: string;
  sessionSecret: string | undefined;
  port: number;
}

/** Reads the process's environment once, at start. @throws ValidationError with every bad name. */
export function readEnvironment(source: NodeJS.ProcessEnv = process.env): Environment {
  const parsed = Environment.safeParse(source);
  if (!parsed.success) {
    throw new ValidationError(
      parsed.error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message })),
      "Set these variables in the environment of the process.",
    );
  }
  return {
    home: parsed.data.HOLDFAST_HOME ?? join("/var/tmp", `holdfast-${userInfo().uid}`, "home"),
    databaseUrl: parsed.data.DATABASE_URL,
    logLevel: parsed.data.HOLDFAST_LOG_LEVEL,
    sessionSecret: parsed.data.NEXTAUTH_SECRET,
    port: parsed.data.HOLDFAST_PORT,
  };
}

/** The value behind `${NAME}` of holdfast.yaml. */
export function readVariable(name: string): string | undefined {
  return process.env[name];
}

/** The environment of a part of Holdfast that a supervisor starts: the whole of its own, and what it adds. */
export function partEnvironment(extra: Record<string, string>): NodeJS.ProcessEnv {
  return { ...process.env, ...extra };
}

/** The environment that a started program inherits: never the console's own secrets. */
export function childEnvironment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const passed = ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "USER"];
  const own = Object.fromEntries(passed.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
  // Next's types make NODE_ENV mandatory; the programs that are started do not know it.
  return { ...own, TZ: "UTC", LC_ALL: "C.UTF-8", ...extra } as unknown as NodeJS.ProcessEnv;
}
