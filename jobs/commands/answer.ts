import type { Command } from "commander";
import { EXIT_CODES, HoldfastError, ValidationError, summarizeError } from "@/lib/kernel/errors";
import { ZodError } from "zod";
import { type ConsoleHandle, openConsole } from "./open-console";

/** What a command gives back: the JSON object of `--json`, and the lines for a person. */
export interface Answer {
  json: object;
  text: readonly string[];
  /** 0 unless told. */
  exitCode?: number;
  /** What goes on once the answer is printed; the command ends with it. */
  afterwards?: () => Promise<void>;
}

export type CommandWork = (console: ConsoleHandle) => Promise<Answer>;

/** Does a command's work against the console's state, prints its answer, and sets the exit code. */
export async function answerWith(command: Command, work: CommandWork): Promise<void> {
  await answerAlone(command, async () => {
    const console = await openConsole();
    try {
      return await work(console);
    } finally {
      await console.close();
    }
  });
}

/** The same for a command that needs no console. */
export async function answerAlone(command: Command, work: () => Promise<Answer>): Promise<void> {
  const isJson = Boolean(command.optsWithGlobals<{ json?: boolean }>().json);
  try {
    const answer = await work();
    print(isJson ? JSON.stringify(answer.json) : answer.text.join("\n"));
    process.exitCode = answer.exitCode ?? 0;
    await answer.afterwards?.();
  } catch (error) {
    printError(error, isJson);
  }
}

function print(text: string): void {
  if (text) process.stdout.write(`${text}\n`);
}

/** Says what happened and what to check next; one JSON object on stdout where JSON was asked for. */
export function printError(error: unknown, isJson: boolean): void {
  const known = error instanceof ZodError ? toValidationError(error) : error;
  const summary = summarizeError(known);
  if (isJson) print(JSON.stringify({ error: summary }));
  const bug =
    known instanceof HoldfastError
      ? ""
      : `\n${known instanceof Error ? (known.stack ?? known.message) : String(known)}`;
  process.stderr.write(`holdfast: ${summary.message}${summary.hint ? `\n  ${summary.hint}` : ""}${bug}\n`);
  process.exitCode = EXIT_CODES[summary.code];
}

function toValidationError(error: ZodError): ValidationError {
  return new ValidationError(error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message })));
}

/** Columns for a person: padded, without trailing blanks. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (known, row) => row.map((cell, index) => Math.max(known[index] ?? 0, cell.length)),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
