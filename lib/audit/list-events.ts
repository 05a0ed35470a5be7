import type { Ctx } from "@/lib/db/context";
import { requirePermission } from "@/lib/kernel/permissions";
import { decodeCursor, encodeCursor } from "./cursor";
import { conditionOf, queryOf, selectEvents, toEventView } from "./queries";
import { type EventPage, ListEventsInput } from "./schemas";

/** A page of the tenant's events, newest first. @throws ValidationError for a query or cursor that cannot be read */
export async function listEvents(ctx: Ctx, input: ListEventsInput = {}): Promise<EventPage> {
  requirePermission(ctx, "audit.read");
  const parsed = ListEventsInput.parse(input);
  const query = queryOf(parsed);
  const rows = await selectEvents(ctx.db, conditionOf(ctx, query), {
    order: "newest",
    limit: parsed.limit + 1,
    after: parsed.cursor === undefined ? undefined : decodeCursor(query, parsed.cursor),
  });
  const page = rows.slice(0, parsed.limit);
  const last = page.at(-1);
  return {
    events: page.map(toEventView),
    nextCursor: rows.length > parsed.limit && last ? encodeCursor(query, last) : null,
  };
}
