import { param, route } from "@/app/_server/route";
import { getCut } from "@/lib/backups";

export const GET = route(getCut, (input) => ({ id: param(input, "id") }));
