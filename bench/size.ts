/** Whether the specs run at the sizes that the parts demand (`npm run test:full`). */
export function isFullRun(environment: NodeJS.ProcessEnv = process.env): boolean {
  return environment.HOLDFAST_FULL === "1";
}

/** `small`: the smallest size that still shows the guarantee, for every `npm test`; `full`: what the part demands. */
export function honestSize<T>(small: T, full: T): T {
  return isFullRun() ? full : small;
}
