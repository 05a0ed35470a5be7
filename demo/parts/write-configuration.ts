import { printEstate, VARIABLES } from "../holdfast-yaml";
import { bucketOf, type Servers } from "./create-parts";
import { type EstateFile, writePrivateFile } from "./estate-file";
import { keepKeys } from "./keys";
import type { Layout, Site } from "./layout";

/** Writes holdfast.yaml and, apart from it, the values behind its `${NAME}`, which it returns. */
export async function writeConfiguration(
  layout: Layout,
  { file, servers, hasMailbox }: { file: EstateFile; servers: Servers; hasMailbox: boolean },
): Promise<Record<string, string>> {
  const facts = (site: Site) => {
    const port = site === "primary" ? file.ports.storePrimary : file.ports.storeDr;
    return {
      endpoint: servers[site]?.endpoint ?? `http://127.0.0.1:${port}`,
      region: servers[site]?.region ?? "us-east-1",
      bucket: bucketOf(site),
    };
  };
  const text = printEstate({
    databasePort: file.ports.database,
    databaseDirectory: layout.database,
    platform: layout.platform,
    shopUrl: `http://127.0.0.1:${file.ports.shop}`,
    recipients: await keepKeys(layout),
    identityFile: layout.keys.runner,
    mailPort: hasMailbox ? (file.ports.mail ?? null) : null,
    stores:
      file.stores === "s3"
        ? { kind: "s3", primary: facts("primary"), dr: facts("dr") }
        : { kind: "directory", ...layout.store },
  });
  const values = {
    [VARIABLES.databasePassword]: file.passwords.holdfast,
    [VARIABLES.primaryKey]: servers.primary?.accessKeyId.reveal(),
    [VARIABLES.primarySecret]: servers.primary?.secretAccessKey.reveal(),
    [VARIABLES.drKey]: servers.dr?.accessKeyId.reveal(),
    [VARIABLES.drSecret]: servers.dr?.secretAccessKey.reveal(),
  };
  const variables = Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  );
  writePrivateFile(layout.configuration, text);
  writePrivateFile(
    layout.environmentFile,
    Object.entries(variables)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );
  return variables;
}
