import { createLoader, parseAsInteger, parseAsStringLiteral } from "nuqs/server";

export const SECTIONS = ["account", "users", "configuration"] as const;
export type SettingsSection = (typeof SECTIONS)[number];

export const settingsSearch = {
  section: parseAsStringLiteral(SECTIONS).withDefault("account"),
  version: parseAsInteger,
};

export const loadSettingsSearch = createLoader(settingsSearch);
