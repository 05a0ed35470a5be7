import { randomBytes, randomInt } from "node:crypto";
import { uuidv7 } from "uuidv7";

/** A UUID of version 7: sorting by id sorts by time of creation. */
export function newId(): string {
  return uuidv7();
}

/** A password for a person to type once: 5 groups of 4 letters and digits without look-alikes (about 99 bits). */
export function newPassword(): string {
  const letters = "abcdefghjkmnpqrstuvwxyz23456789";
  const pick = () => letters[randomInt(letters.length)];
  return Array.from({ length: 5 }, () => Array.from({ length: 4 }, pick).join("")).join("-");
}

/** `bytes` random bytes as hexadecimal. */
export function newToken(bytes = 16): string {
  return randomBytes(bytes).toString("hex");
}
