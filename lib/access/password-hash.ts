import { hash, verify } from "@node-rs/argon2";
import { newToken } from "@/lib/kernel/ids";
import { PASSWORD_LENGTH_MAX } from "./schemas";

/* OWASP's first choice for argon2id, the package's default algorithm: 19 MiB, two passes, one lane. */
const OPTIONS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export async function hashPassword(password: string): Promise<string> {
  return hash(password, OPTIONS);
}

let nobodysHash: Promise<string> | undefined;

/** Whether a password is the one of a hash. Without a hash (an unknown name) it costs the same and is false, so that
 *  the time of the answer does not tell which names exist. */
export async function isPasswordCorrect(passwordHash: string | null, password: string): Promise<boolean> {
  nobodysHash ??= hashPassword(newToken());
  const isPossible = passwordHash !== null && password.length <= PASSWORD_LENGTH_MAX;
  const isEqual = await verify(passwordHash ?? (await nobodysHash), password.slice(0, PASSWORD_LENGTH_MAX));
  return isPossible && isEqual;
}
