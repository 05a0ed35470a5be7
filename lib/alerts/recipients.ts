import { z } from "zod";
import type { ChannelDeclaration, Configuration } from "@/lib/settings/schemas";

export interface Recipient {
  channel: string;
  kind: ChannelDeclaration["kind"];
  recipient: string;
}

const address = z.email();

/** Whom a channel tells of a system: by mail its own list with the system's owner and deputy, or else the project's contact. */
export function recipientsOf(configuration: Configuration, channel: string, system: string | null): Recipient[] {
  const declaration = configuration.channels[channel];
  if (!declaration) return [];
  const { kind } = declaration;
  if (declaration.kind === "webhook") return [{ channel, kind, recipient: placeOf(declaration.url) }];
  const { owner, deputy } = (system === null ? undefined : configuration.systems[system]) ?? {};
  const people = [owner, deputy].filter((each) => address.safeParse(each).success);
  const wanted = [...declaration.to, ...people].flatMap((each) => (each ? [each.toLowerCase()] : []));
  const to = wanted.length > 0 ? wanted : [configuration.project.contact];
  return [...new Set(to)].map((recipient) => ({ channel, kind, recipient }));
}

/** Everybody who is told of a system's alert, over every channel. */
export function recipientsOfAll(configuration: Configuration | null, system: string): Recipient[] {
  if (!configuration) return [];
  return Object.keys(configuration.channels).flatMap((channel) => recipientsOf(configuration, channel, system));
}

/** Scheme and host of a webhook, or the variable that holds its address: a path may be a secret. */
function placeOf(url: string): string {
  return URL.parse(url)?.origin ?? url;
}
