import { param, route } from "@/app/_server/route";
import { closeFinding } from "@/lib/verification";

export const POST = route(closeFinding, (input) => ({
  note: String(input.body["note"] ?? ""),
  id: param(input, "id"),
}));
