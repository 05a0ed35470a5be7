import { z } from "zod";

/** A secret is never written into the file: only the name of the variable that holds it. */
export const secretReference = z
  .string()
  .regex(/^\$\{[A-Z_][A-Z0-9_]*\}$/, "expected ${NAME}: a secret comes from the environment, never from this file");
