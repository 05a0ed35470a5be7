import { guarded } from "@/app/_server/route";
import { exportEvents } from "@/lib/audit";
import type { ExportEventsInput } from "@/lib/audit/schemas";

function toStream(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      // The verb records what was handed out, also of an export that was cut.
      await iterator.return?.();
    },
  });
}

/** The matching events as a file, sent while it is written. */
export const GET = guarded(async (ctx, request) => {
  const query = Object.fromEntries(request.nextUrl.searchParams);
  const file = await exportEvents(ctx, { format: "csv", ...query } as ExportEventsInput);
  return new Response(toStream(file.body), {
    headers: {
      "content-type": file.contentType,
      "content-disposition": `attachment; filename="${file.fileName}"`,
      "cache-control": "no-store",
    },
  });
});
