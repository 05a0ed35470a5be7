import { route } from "@/app/_server/route";
import { listSystems } from "@/lib/systems";

export const GET = route(listSystems, () => undefined);
