import type { Hazard } from "../../port";

/** What Holdfast is proven on, in the words of its documentation. */
const SENTENCE =
  "Holdfast is proven on MariaDB 10.6 and later; MySQL is refused until a server can be had for the tests: no claim without a proof.";

export interface ServerVersion {
  isMariadb: boolean;
  major: number;
  minor: number;
}

/** Of `10.11.19-MariaDB-0+deb12u1-log`; MariaDB's replication prefix `5.5.5-` is no version. */
export function parseServerVersion(version: string): ServerVersion {
  const match = /^(?:5\.5\.5-)?(\d+)\.(\d+)/.exec(version);
  return { isMariadb: /mariadb/i.test(version), major: Number(match?.[1] ?? 0), minor: Number(match?.[2] ?? 0) };
}

export function isAtLeast(version: ServerVersion, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}

/** Refuses everything that nothing was proven on. */
export function findVersionHazards(version: string): Hazard[] {
  const parsed = parseServerVersion(version);
  if (!parsed.isMariadb) {
    const message = `the server says that it is "${version}", which is not MariaDB`;
    return [{ id: "not-mariadb", effect: "refuse", object: version, message, hint: SENTENCE }];
  }
  if (isAtLeast(parsed, 10, 6)) return [];
  const message = `the server is MariaDB ${parsed.major}.${parsed.minor}, older than 10.6`;
  return [{ id: "unsupported-version", effect: "refuse", object: version, message, hint: SENTENCE }];
}
