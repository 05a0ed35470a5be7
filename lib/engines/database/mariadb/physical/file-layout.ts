import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ServerSettings } from "../../port";
import { physicalFailure } from "./physical-failure";

/** What the tool writes of the server's settings beside the files. */
const SETTINGS_FILE = "backup-my.cnf";

/** How the backup's InnoDB files lie. @throws EngineError where the backup does not say it */
export async function readFileLayout(
  directory: string,
  operation: string,
): Promise<NonNullable<ServerSettings["fileLayout"]>> {
  const text = await readFile(join(directory, SETTINGS_FILE), "utf8").catch(() => "");
  const dataFilePath = /^innodb_data_file_path=(.+)$/m.exec(text)?.[1];
  if (dataFilePath) {
    return { dataFilePath, undoTablespaces: Number(/^innodb_undo_tablespaces=(\d+)$/m.exec(text)?.[1] ?? 0) };
  }
  throw physicalFailure(operation, `the backup holds no ${SETTINGS_FILE} that can be read: it is not whole`, {
    hint: "Did the tool end early, or was the stream cut?",
  });
}

/**
 * Finds a table whose files lie outside the data directory: a link to them, or InnoDB's `.isl` file. A server that is
 * started on a copy of it would open the original. Answers its path below the directory, or null.
 */
export async function findFileElsewhere(directory: string): Promise<string | null> {
  const entries = await readdir(directory, { withFileTypes: true });
  for (const entry of entries) {
    if (entry.isSymbolicLink() || entry.name.endsWith(".isl")) return entry.name;
    if (!entry.isDirectory()) continue;
    const files = await readdir(join(directory, entry.name), { withFileTypes: true });
    const found = files.find((file) => file.isSymbolicLink() || file.name.endsWith(".isl"));
    if (found) return join(entry.name, found.name);
  }
  return null;
}
