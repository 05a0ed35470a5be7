import { appendFileSync } from "node:fs";

export interface Figure {
  /** Dotted and unique, such as `restore.points.checked`. */
  name: string;
  value: number;
  unit: string;
  /** What it was measured against in the same run. */
  baseline?: { name: string; value: number };
}

/** Adds a measured figure to the results of `npm run test:full`; nothing else keeps it. */
export function recordFigure(figure: Figure, environment: NodeJS.ProcessEnv = process.env): void {
  const file = environment.HOLDFAST_FIGURES;
  if (file) appendFileSync(file, `${JSON.stringify(figure)}\n`);
}
