import { param, route } from "@/app/_server/route";
import { getRunbook } from "@/lib/runbooks";

export const GET = route(getRunbook, (input) => ({ id: param(input, "id") }));
