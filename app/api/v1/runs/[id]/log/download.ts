import { getRun, listRunLog } from "@/lib/runs";

type Ctx = Parameters<typeof listRunLog>[0];
const PAGE_LINES = 1_000;

/** The whole log of a run as text, read page by page while it is sent. @throws NotFoundError */
export async function downloadLog(ctx: Ctx, id: string, signal: AbortSignal): Promise<Response> {
  const run = await getRun(ctx, { id });
  const encoder = new TextEncoder();
  let after = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { lines } = await listRunLog(ctx, { id, after, limit: PAGE_LINES });
      after = lines.at(-1)?.id ?? after;
      const text = lines
        .map((line) => `${line.at} ${line.level.padEnd(7)} ${line.step ?? "-"} ${line.message}\n`)
        .join("");
      if (text) controller.enqueue(encoder.encode(text));
      if (lines.length < PAGE_LINES || signal.aborted) controller.close();
    },
  });
  return new Response(body, {
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "content-disposition": `attachment; filename="run-${run.id}.log"`,
      "cache-control": "no-store",
    },
  });
}
