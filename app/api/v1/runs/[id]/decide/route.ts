import { param, route } from "@/app/_server/route";
import { decideStep } from "@/lib/runs";
import type { DecideStepInput } from "@/lib/runs/schemas";

export const POST = route(decideStep, (input) => ({ ...input.body, id: param(input, "id") }) as DecideStepInput);
