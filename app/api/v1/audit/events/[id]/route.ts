import { param, route } from "@/app/_server/route";
import { getEvent } from "@/lib/audit";

export const GET = route(getEvent, (input) => ({ id: param(input, "id") }));
