const FACTORS: Record<string, number> = {
  "": 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/** Bytes of a size such as `10MB` (decimal) or `10MiB` (binary). Returns null when it is not one. */
export function parseBytes(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?i?b?)$/i.exec(text.trim());
  const factor = match ? FACTORS[(match[2] ?? "").toUpperCase()] : undefined;
  return match && factor !== undefined ? Math.round(Number(match[1]) * factor) : null;
}
