import type { SystemDeclaration } from "./schemas";

/* What is only known of files and code when the whole of holdfast.yaml is read. */

/** Systems that hold secrets where nothing would encrypt them. */
export function plainSecrets({
  keys,
  systems,
}: {
  keys: { recipients: string[] };
  systems: Record<string, SystemDeclaration>;
}): { path: string[]; message: string }[] {
  if (keys.recipients.length > 0) return [];
  return Object.entries(systems).flatMap(([system, declaration]) =>
    declaration.kind === "files" && declaration.secrets
      ? [{ path: ["systems", system, "secrets"], message: "expected keys.recipients: secrets are always encrypted" }]
      : [],
  );
}

const PLACE_VARIABLE = /\{\{([A-Z][A-Z0-9_]*)\}\}/g;

/** Names in paths that `variables` does not hold. */
export function unknownVariables({
  variables,
  systems,
}: {
  variables: Record<string, string>;
  systems: Record<string, SystemDeclaration>;
}): { path: string[]; message: string }[] {
  return Object.entries(systems).flatMap(([system, declaration]) => {
    if (declaration.kind !== "files" && declaration.kind !== "git") return [];
    return [...declaration.path.matchAll(PLACE_VARIABLE)]
      .filter(([, name = ""]) => !(name in variables))
      .map(([, name = ""]) => ({
        path: ["systems", system, "path"],
        message: `expected a declared variable, not "${name}"`,
      }));
  });
}

/** A declared path with the values of `variables`. */
export function fillPath(path: string, { variables }: { variables: Record<string, string> }): string {
  return path.replace(PLACE_VARIABLE, (whole, name: string) => variables[name] ?? whole);
}
