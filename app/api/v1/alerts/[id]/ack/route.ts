import { param, route } from "@/app/_server/route";
import { acknowledgeAlert } from "@/lib/alerts";

export const POST = route(acknowledgeAlert, (input) => ({ ...input.body, id: param(input, "id") }));
