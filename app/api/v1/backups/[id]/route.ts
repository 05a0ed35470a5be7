import { param, route } from "@/app/_server/route";
import { getBackup } from "@/lib/backups";

export const GET = route(getBackup, (input) => ({ id: param(input, "id") }));
