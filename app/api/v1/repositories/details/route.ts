import { route } from "@/app/_server/route";
import { listRepositoryDetails } from "@/lib/copies";

export const GET = route(listRepositoryDetails, () => undefined);
