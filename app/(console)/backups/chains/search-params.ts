import { createLoader, parseAsString } from "nuqs/server";

export const chainsSearch = {
  /** null: the first one. */
  system: parseAsString,
  repository: parseAsString,
  cursor: parseAsString,
};

export const loadChainsSearch = createLoader(chainsSearch);

export const CHAINS_PER_PAGE = 15;
