import { route } from "@/app/_server/route";
import { listVerifications } from "@/lib/verification";
import type { ListVerificationsInput } from "@/lib/verification/schemas";

export const GET = route(listVerifications, ({ query }) => query as ListVerificationsInput);
