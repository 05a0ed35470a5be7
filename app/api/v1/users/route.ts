import { route } from "@/app/_server/route";
import { createUser, listUsers } from "@/lib/access";
import type { CreateUserInput } from "@/lib/access/schemas";

export const GET = route(listUsers, () => undefined);
export const POST = route(createUser, ({ body }) => body as CreateUserInput);
