import type { SystemDeclaration } from "./systems";

/* Which secrets belong to a system: they are what its data was encrypted with. */

type Systems = Record<string, SystemDeclaration>;

function holdsSecrets(declaration: SystemDeclaration | undefined): boolean {
  return declaration?.kind === "files" && declaration.secrets;
}

/**
 * The system that holds another one's secrets: the declared one, else the only one that holds any.
 * @returns null where there is none, several without a word which, or it holds them itself
 */
export function secretsSystemOf({ systems }: { systems: Systems }, system: string): string | null {
  const declaration = systems[system];
  if (!declaration || holdsSecrets(declaration)) return null;
  if (declaration.secretsIn !== undefined) return declaration.secretsIn;
  const [only, ...others] = Object.keys(systems).filter((name) => holdsSecrets(systems[name]));
  return only !== undefined && others.length === 0 ? only : null;
}

/** `secretsIn` that names no system with secrets. */
export function unknownSecrets({ systems }: { systems: Systems }): { path: string[]; message: string }[] {
  return Object.entries(systems).flatMap(([system, { secretsIn }]) =>
    secretsIn === undefined || holdsSecrets(systems[secretsIn])
      ? []
      : [
          {
            path: ["systems", system, "secretsIn"],
            message: `expected a system of kind files with \`secrets: true\`, not "${secretsIn}"`,
          },
        ],
  );
}
