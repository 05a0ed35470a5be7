/**
 * How a list names who acted: `system:runner primary 152ffd5c` is "the runner at primary", `shell:root` "root, by shell".
 * The audit log itself shows the label as it is kept.
 */
export function actorWords(label: string): string {
  const runner = /^system:runner (\S+) [0-9a-f]{6,}$/.exec(label);
  if (runner) return `runner at ${runner[1]}`;
  if (label.startsWith("system:")) return label.slice("system:".length);
  if (label.startsWith("shell:")) return `${label.slice("shell:".length)}, by shell`;
  return label;
}
