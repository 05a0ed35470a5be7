import { param, route } from "@/app/_server/route";
import { getRun } from "@/lib/runs";

export const GET = route(getRun, (input) => ({ id: param(input, "id") }));
