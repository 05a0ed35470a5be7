import { stringify } from "yaml";
import { declareServer } from "@/demo/mariadb/declare-server";
import type { MariadbServer } from "@/demo/mariadb/start-mariadb-server";

export const BUCKET = "faults";
export const PREFIX = "practice";
export const SYSTEM = "database";

export const DATABASE_VARIABLE = "FAULTS_DATABASE_PASSWORD";
export const keyVariables = (repository: string) => ({
  id: `FAULTS_${repository.toUpperCase()}_KEY`,
  secret: `FAULTS_${repository.toUpperCase()}_SECRET`,
});

export interface ConfigurationFacts {
  /** As Holdfast reaches it. */
  source: Pick<MariadbServer, "port" | "holdfast">;
  /** Name and endpoint of each. */
  stores: readonly { name: string; endpoint: string; region: string }[];
  /** One more repository, to which fulls go too. */
  directory: string | undefined;
  recipient: string;
  identityFile: string;
  interval: string;
}

/** The holdfast.yaml of a world: one database, backed up to every repository, its log to the stores. */
export function printConfiguration(facts: ConfigurationFacts): string {
  const { source, stores, directory } = facts;
  const names = stores.map(({ name }) => name);
  const full = [...names, ...(directory === undefined ? [] : ["vault"])];
  return stringify({
    project: { name: "Faults", contact: "ops-team@example.com" },
    objectives: { rto: "4h", rpo: "15m", mttr: "2h", mtbf: "720h" },
    keys: { recipients: [facts.recipient], identityFile: facts.identityFile },
    repositories: {
      ...Object.fromEntries(stores.map((store) => [store.name, describeStore(store)])),
      ...(directory === undefined ? {} : { vault: { kind: "directory", path: directory } }),
    },
    systems: {
      [SYSTEM]: declareServer(source, {
        passwordVariable: DATABASE_VARIABLE,
        to: full,
        log: { to: names, interval: facts.interval },
        heartbeat: "250ms",
      }),
    },
  });
}

const behind = (variable: string) => `\${${variable}}`;

function describeStore({ name, endpoint, region }: ConfigurationFacts["stores"][number]): object {
  const { id, secret } = keyVariables(name);
  return {
    kind: "s3",
    bucket: BUCKET,
    prefix: PREFIX,
    region,
    endpoint,
    accessKeyId: behind(id),
    secretAccessKey: behind(secret),
  };
}
