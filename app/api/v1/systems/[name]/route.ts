import { param, route } from "@/app/_server/route";
import { getSystem } from "@/lib/systems";

export const GET = route(getSystem, (input) => ({ name: param(input, "name") }));
