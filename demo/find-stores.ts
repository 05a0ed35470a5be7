import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const PROGRAMS = ["radosgw", "radosgw-admin", "ceph", "ceph-mon", "ceph-osd", "monmaptool"];
/** Debian keeps servers where the PATH of an ordinary user does not look. */
const SERVER_DIRECTORIES = ["/usr/sbin", "/usr/local/sbin"];

function isInstalled(program: string): boolean {
  const directories = [...(process.env.PATH ?? "").split(delimiter), ...SERVER_DIRECTORIES].filter(Boolean);
  return directories.some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false; // not here: another directory may have it
    }
  });
}

/** Programs of a real S3 store that this machine lacks. */
export function findMissingStorePrograms(): string[] {
  return PROGRAMS.filter((program) => !isInstalled(program));
}
