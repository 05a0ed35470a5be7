/** Leads to another page by a whole load: nothing that this page had in memory stays. */
export function leaveTo(path: string): void {
  window.location.assign(new URL(path, window.location.origin));
}
