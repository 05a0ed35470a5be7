import { guarded, param } from "@/app/_server/route";
import { streamRun } from "@/app/_server/run-stream";

/** The run and its log as server-sent events. `after`, or the browser's `Last-Event-ID`, names the last line it has. */
export const GET = guarded((ctx, request, params) => {
  const after = Number(request.headers.get("last-event-id") ?? request.nextUrl.searchParams.get("after") ?? 0);
  return streamRun({
    ctx,
    runId: param({ params }, "id"),
    after: Number.isSafeInteger(after) && after > 0 ? after : 0,
    signal: request.signal,
  });
});
