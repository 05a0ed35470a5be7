import { type Command, Option } from "commander";
import { exportEvents, listEvents } from "@/lib/audit";
import { formatEventDetail } from "@/lib/audit/format";
import {
  type AuditEventView,
  EXPORT_FORMATS,
  type EventPage,
  type ExportFormat,
  PAGE_SIZE_MAX,
} from "@/lib/audit/schemas";
import type { Ctx } from "@/lib/db/context";
import { readEnvironment } from "@/lib/kernel/env";
import { ValidationError } from "@/lib/kernel/errors";
import { formatBytes, formatCount } from "@/lib/kernel/format";
import { type Answer, answerWith, table } from "./answer";
import { openExportFile } from "./audit-export-file";

interface SearchOptions {
  from?: string;
  to?: string;
  limit: string;
}

interface ExportOptions {
  start?: string;
  end?: string;
  format: ExportFormat;
  query?: string;
  output: string;
}

const TIME = "a date, an RFC 3339 time, or a duration back from now such as -24h (written --from=-24h)";

export function addAuditCommands(program: Command): void {
  const audit = program.command("audit").description("read and export the audit log");
  addSearch(audit.command("log").description("the newest events"), () => "");
  addSearch(
    audit
      .command("search")
      .description("events of a query")
      .argument("<query>", "such as 'action:backup.* severity:>=high actor:ann@example.com -entity:client/4711'"),
    (args) => args[0] ?? "",
  );
  audit
    .command("export")
    .description("write events into a file, with a signed manifest beside it")
    .option("--start <time>", `from: ${TIME}`)
    .option("--end <time>", "to: the same; a date includes its whole day")
    .addOption(new Option("--format <format>", "of the file").choices(EXPORT_FORMATS).default("csv"))
    .option("--query <query>", "only these events", "")
    .requiredOption("--output <file>")
    .action((options: ExportOptions, command: Command) => answerWith(command, ({ ctx }) => exportToFile(ctx, options)));
}

function addSearch(command: Command, queryOf: (args: string[]) => string): void {
  command
    .option("--from <time>", TIME)
    .option("--to <time>", "exclusive; a date includes its whole day")
    .option("--limit <n>", "at most so many", "50")
    .action(() =>
      answerWith(command, ({ ctx }) => searchLog(ctx, queryOf(command.args), command.opts<SearchOptions>())),
    );
}

/* One answer of any length, read page by page. */
async function readEvents(
  ctx: Ctx,
  filter: { query: string; from?: string; to?: string },
  limit: number,
): Promise<EventPage> {
  const events: AuditEventView[] = [];
  let cursor: string | null = null;
  do {
    const size = Math.min(PAGE_SIZE_MAX, limit - events.length);
    const page: EventPage = await listEvents(ctx, { ...filter, limit: size, ...(cursor ? { cursor } : {}) });
    events.push(...page.events);
    cursor = page.nextCursor;
  } while (cursor && events.length < limit);
  return { events, nextCursor: cursor };
}

async function searchLog(ctx: Ctx, query: string, options: SearchOptions): Promise<Answer> {
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1) {
    throw new ValidationError([{ path: "limit", message: `"${options.limit}" is not a number of events` }]);
  }
  const filter = { query, ...(options.from ? { from: options.from } : {}), ...(options.to ? { to: options.to } : {}) };
  const page = await readEvents(ctx, filter, limit);
  return {
    json: page,
    text: table([
      ["RECEIVED", "SEVERITY", "ACTION", "ACTOR", "ENTITY", "DETAIL"],
      ...page.events.map((event) => [
        event.receivedAt,
        event.severity,
        event.action,
        event.actor.label,
        event.entity.id === null ? event.entity.type : `${event.entity.type}/${event.entity.id}`,
        formatEventDetail(event),
      ]),
    ]).map(printable),
  };
}

/* What someone typed into a name must not move the cursor of the terminal that shows it. */
function printable(line: string): string {
  return line.replace(/[\p{Cc}\p{Cf}]/gu, "\uFFFD");
}

async function exportToFile(ctx: Ctx, options: ExportOptions): Promise<Answer> {
  const file = await openExportFile(options.output);
  try {
    const run = await exportEvents(ctx, {
      query: options.query ?? "",
      format: options.format,
      ...(options.start ? { from: options.start } : {}),
      ...(options.end ? { to: options.end } : {}),
    });
    const written = await file.write(ctx, run, readEnvironment().home);
    return {
      json: { ...written, ...run.summary(), id: run.id, format: options.format },
      text: [
        `${formatCount(run.summary().rows)} events, ${formatBytes(run.summary().sizeBytes)}, in ${written.output}`,
        `signed manifest in ${written.manifest}, signature in ${written.signature}`,
      ],
    };
  } finally {
    await file.discard();
  }
}
