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
  to: parseAsString.withDefault("scratch"),
  reason: parseAsString,
};

export const loadRestoreSearch = createLoader(restoreSearch);

interface Chosen {
  step: WizardStep | null;
  system: string | null;
}

/** The step that is shown: never one before which something is still open. */
export function stepOf({ step, system }: Chosen): WizardStep {
  if (system === null) return "system";
  return step ?? "point";
}

/** What is asked of the preview. */
export function previewInput(search: { system: string | null; at: string; from: string | null; to: string }) {
  const { system, at, from, to } = search;
  return { system, at, from, to };
}
