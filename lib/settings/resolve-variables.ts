import { PreconditionError } from "@/lib/kernel/errors";
import { VARIABLE } from "./parse-configuration";

/** Puts the environment's values in the place of `${NAME}`. @throws PreconditionError naming the first missing one, never a value */
export function resolveVariables(text: string, read: (name: string) => string | undefined): string {
  return text.replace(VARIABLE, (_, name: string) => {
    const value = read(name);
    if (value === undefined) {
      throw new PreconditionError(`the environment variable ${name} is not set`, {
        hint: "Set it in the environment of the runner that needs it; holdfast.yaml names it.",
      });
    }
    return value;
  });
}
