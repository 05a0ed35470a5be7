import { join } from "node:path";
import { DamagedError, EngineError, PreconditionError } from "@/lib/kernel/errors";
import { monotonicMs } from "@/lib/kernel/time";
import { waitFor } from "@/lib/kernel/wait-for";
import type { RunningApplication } from "@/lib/engines/application/port";
import type { ScratchServer } from "@/lib/engines/database/port";
import { known } from "@/lib/recovery";
import type { StepCtx, StepOutcome } from "@/lib/runs";
import { loadConfiguration } from "@/lib/settings";
import { type MariadbDeclaration, isDatabase } from "@/lib/settings/schemas";
import type { Attempt } from "./attempt";

type Application = NonNullable<MariadbDeclaration["verify"]["application"]> & { start: string[] };
type DeclaredCheck = Application["checks"][number];

const RETRY_MS = 100;
const ASK_MS = 10_000;

/**
 * Starts the declared application on the copy, asks it as a client would, and ends it. It listens where nothing else
 * does, so that no answer can be another application's; of the runner's environment it gets nothing.
 * @throws DamagedError when it answers otherwise than declared, PreconditionError when it does not come to answer at all
 */
export async function tryApplication(ctx: StepCtx, attempt: Attempt): Promise<StepOutcome> {
  const server = known(known(attempt.recovery, "the recovery").server, "the server");
  const application = await findDeclared(ctx, attempt.request.system);
  const port = await ctx.engines.applications.freePort();
  const words = wordsOf(server, port);
  const password = server.connection.password.reveal();
  const running = await ctx.engines.applications.start({
    argv: application.start.map((argument) => fill(argument, { ...words, password: "" })),
    environment: { ...ownVariables(words, password), ...fillEach(application.environment, { ...words, password }) },
    directory: application.directory,
    home: join(server.directory, "home"),
    secrets: [password],
  });
  try {
    const begunMs = monotonicMs();
    for (const check of application.checks) {
      await ask(ctx, { running, application, url: urlOf(check, port), check, begunMs });
    }
    return {
      summary: `${application.checks.length} requests were answered as declared`,
      requests: application.checks.map((check) => `${methodOf(check)} ${pathOf(check)} ${check.status}`),
    };
  } finally {
    await running.stop();
  }
}

async function findDeclared(ctx: StepCtx, system: string): Promise<Application> {
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.systems[system];
  const application = isDatabase(declaration) ? declaration.verify.application : undefined;
  if (application?.start) return { ...application, start: application.start };
  throw new PreconditionError(`system "${system}" declares no application that could be started`, {
    hint: "Declare `verify.application.start` in holdfast.yaml.",
  });
}

/** What `{{…}}` stands for in the declaration. */
function wordsOf({ connection, socket, port }: ScratchServer, applicationPort: number): Record<string, string> {
  return {
    host: connection.host,
    port: String(port),
    socket,
    user: connection.user,
    applicationPort: String(applicationPort),
  };
}

function ownVariables(words: Record<string, string>, password: string): Record<string, string> {
  return {
    PORT: words.applicationPort ?? "",
    HOLDFAST_COPY_HOST: words.host ?? "",
    HOLDFAST_COPY_PORT: words.port ?? "",
    HOLDFAST_COPY_SOCKET: words.socket ?? "",
    HOLDFAST_COPY_USER: words.user ?? "",
    HOLDFAST_COPY_PASSWORD: password,
  };
}

/** An argument never gets the password: the process list shows it. */
function fill(text: string, words: Record<string, string>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => words[name] ?? whole);
}

function fillEach(variables: Record<string, string>, words: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, fill(value, words)]));
}

function methodOf(check: DeclaredCheck): "GET" | "POST" {
  return check.post === undefined ? "GET" : "POST";
}

function pathOf(check: DeclaredCheck): string {
  const { pathname, search } = new URL(check.post ?? check.get ?? "");
  return `${pathname}${search}`;
}

/** The declared path on the copy's own port: the declared host may be production. */
function urlOf(check: DeclaredCheck, port: number): string {
  return `http://127.0.0.1:${port}${pathOf(check)}`;
}

interface Asking {
  running: RunningApplication;
  application: Application;
  url: string;
  check: DeclaredCheck;
  begunMs: number;
}

async function ask(ctx: StepCtx, asking: Asking): Promise<void> {
  const { running, application, url, check, begunMs } = asking;
  const { status, contains } = check;
  const method = methodOf(check);
  let ended: { exitCode: number | null; output: string } | undefined;
  void running.exited.then((end) => (ended = end));
  for (;;) {
    ctx.signal.throwIfAborted();
    const answer = await ctx.engines.probe
      .ask({ method, url, status, contains }, { signal: ctx.signal, timeoutMs: ASK_MS })
      .catch((error: unknown) => {
        if (error instanceof EngineError) return null;
        throw error;
      });
    if (ended) throw endedEarly(ended);
    if (answer?.ok) return ctx.run.say(`${method} ${pathOf(check)} answered ${answer.status}`);
    if (answer) throw otherAnswer(check, answer.status);
    if (monotonicMs() - begunMs > application.readyWithin * 1_000) throw noAnswer(application.readyWithin);
    await waitFor(RETRY_MS, ctx.signal);
  }
}

function otherAnswer(check: DeclaredCheck, status: number): DamagedError {
  const what = status === check.status ? "without the declared words" : `with status ${status}, not ${check.status}`;
  return new DamagedError(`the application on the copy answered ${methodOf(check)} ${pathOf(check)} ${what}`, {
    hint: "Does the application in production answer it as declared? Then something that it needs did not come back.",
  });
}

function endedEarly({ exitCode, output }: { exitCode: number | null; output: string }): PreconditionError {
  const last = output.split("\n").slice(-3).join(" / ").slice(0, 400);
  return new PreconditionError(
    `the application ended before it answered, with exit code ${exitCode ?? "none"}${last ? `: ${last}` : ""}`,
    { hint: "Does the command of `verify.application.start` work on this machine, and does it listen on $PORT?" },
  );
}

function noAnswer(seconds: number): PreconditionError {
  return new PreconditionError(`the application did not answer within ${seconds} s`, {
    hint: "Does it listen on 127.0.0.1 and the port in $PORT? `verify.application.readyWithin` gives it more time.",
  });
}
