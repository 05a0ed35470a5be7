import { route } from "@/app/_server/route";
import { listChains } from "@/lib/backups";
import type { ListChainsInput } from "@/lib/backups/schemas";

export const GET = route(listChains, ({ query }) => query as ListChainsInput);
