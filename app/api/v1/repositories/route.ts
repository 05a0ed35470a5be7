import { route } from "@/app/_server/route";
import { listRepositories } from "@/lib/repositories";

export const GET = route(listRepositories, () => undefined);
