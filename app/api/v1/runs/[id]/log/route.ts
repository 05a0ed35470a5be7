import { listRunLog } from "@/lib/runs";
import { guarded, param, route } from "@/app/_server/route";
import { downloadLog } from "./download";

const page = route(listRunLog, (input) => ({ ...input.query, id: param(input, "id") }));
const download = guarded((ctx, request, params) => downloadLog(ctx, param({ params }, "id"), request.signal));

/** A page of lines as JSON; with `?download=1` the whole log as a text file. */
export const GET: typeof page = (request, context) =>
  request.nextUrl.searchParams.has("download") ? download(request, context) : page(request, context);
