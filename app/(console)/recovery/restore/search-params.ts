import { createLoader, parseAsString, parseAsStringLiteral } from "nuqs/server";

export const STEPS = ["system", "point", "target", "check"] as const;
export type WizardStep = (typeof STEPS)[number];

/** What stands before the path of a directory that is chosen as the target. */
export const DIRECTORY = "dir:";

/** The whole of what was chosen so far: a link to it is the wizard at that place. */
export const restoreSearch = {
  step: parseAsStringLiteral(STEPS),
  system: parseAsString,
  at: parseAsString.withDefault("latest"),
  /** null: the repository that reaches it. */
  from: parseAsString,
  /** null: the one that `targetOf` chooses. */
  to: parseAsString,
  reason: parseAsString,
};

export const loadRestoreSearch = createLoader(restoreSearch);

/** Where the copy goes unless something else was chosen. Files and code come back into a directory alone: its path is open then. */
export function targetOf(to: string | null, isServer: boolean): string {
  return to ?? (isServer ? "scratch" : DIRECTORY);
}

interface Chosen {
  step: WizardStep | null;
  system: string | null;
  to: string;
}

/** The step that is shown: never one before which something is still open. */
export function stepOf({ step, system, to }: Chosen): WizardStep {
  if (system === null) return "system";
  if (step === "check" && to === DIRECTORY) return "target";
  return step ?? "point";
}

/** What is asked of the preview. */
export function previewInput(search: { system: string | null; at: string; from: string | null; to: string }) {
  const { system, at, from, to } = search;
  return { system, at, from, to };
}
