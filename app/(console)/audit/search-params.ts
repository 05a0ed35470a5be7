import { createLoader, parseAsString } from "nuqs/server";

/** The whole question stands in one text, the grammar of the API and the command line; the open event beside it. */
export const auditSearch = {
  query: parseAsString.withDefault(""),
  event: parseAsString,
};

export const loadAuditSearch = createLoader(auditSearch);
