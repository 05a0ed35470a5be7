import { type Configuration, isDatabase } from "@/lib/settings/schemas";

/** The declared target at a system's own address that allows a live recovery; its name, or undefined. */
export function findLiveTarget(configuration: Configuration, system: string): string | undefined {
  const declaration = configuration.systems[system];
  if (!isDatabase(declaration)) return undefined;
  const { host, port } = declaration.connection;
  return Object.entries(configuration.targets).find(
    ([, target]) => target.allow.includes("live") && target.connection.host === host && target.connection.port === port,
  )?.[0];
}
