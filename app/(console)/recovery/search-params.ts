import { createLoader, parseAsString } from "nuqs/server";

/** What a link to the recovery page says: which system, to which point, from where; or which drill to ask about. */
export const recoverySearch = {
  system: parseAsString,
  at: parseAsString,
  from: parseAsString,
  drill: parseAsString,
};

export const loadRecoverySearch = createLoader(recoverySearch);
