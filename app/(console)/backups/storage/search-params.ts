import { createLoader, parseAsBoolean, parseAsNumberLiteral, parseAsString } from "nuqs/server";

export const SPANS = [30, 90] as const;

export const storageSearch = {
  system: parseAsString,
  days: parseAsNumberLiteral(SPANS).withDefault(30),
  /** The figures of every day instead of the chart. */
  table: parseAsBoolean.withDefault(false),
};

export const loadStorageSearch = createLoader(storageSearch);
