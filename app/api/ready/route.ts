import { readReadiness } from "@/app/_server/readiness";

/** The database and a runner answer: 200, else 503 with what does not. */
export async function GET(): Promise<Response> {
  const readiness = await readReadiness();
  return Response.json(readiness, { status: readiness.ok ? 200 : 503, headers: { "cache-control": "no-store" } });
}
