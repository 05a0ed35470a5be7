import { createLoader, parseAsIsoDate, parseAsString, parseAsStringLiteral } from "nuqs/server";
import { TYPES } from "../search-params";

/** Which rows are shown, and which day is open, as they stand in the URL. */
export const calendarSearch = {
  /** Filters. */
  only: parseAsString,
  kind: parseAsStringLiteral(TYPES),
  /** The open day. */
  system: parseAsString,
  type: parseAsStringLiteral(TYPES),
  day: parseAsIsoDate,
};

export const loadCalendarSearch = createLoader(calendarSearch);
