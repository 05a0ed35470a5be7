import { route } from "@/app/_server/route";
import { listConfigurations } from "@/lib/settings";

export const GET = route(listConfigurations, () => undefined);
