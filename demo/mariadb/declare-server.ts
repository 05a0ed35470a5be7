import type { MariadbServer } from "./start-mariadb-server";

export interface Declared {
  /** Behind its `${NAME}` stands the password of Holdfast's account. */
  passwordVariable: string;
  /** Repositories of the fulls. */
  to: readonly string[];
  /** Of the fulls; logical unless told. */
  method?: "logical" | "physical";
  /** Where its log is streamed to, and how often; absent: not at all. */
  log?: { to: readonly string[]; interval: string };
  heartbeat: string;
  /** What is asked of a recovered copy. */
  verify?: object;
}

/** A server as `holdfast.yaml` declares it, for a test or a benchmark that starts its backups itself: the schedule is once a year. */
export function declareServer(
  server: Pick<MariadbServer, "port" | "holdfast">,
  { passwordVariable, to, method = "logical", log, heartbeat, verify }: Declared,
): object {
  return {
    kind: "mariadb",
    impact: "critical",
    rto: "2h",
    rpo: "15m",
    connection: {
      host: "127.0.0.1",
      port: server.port,
      user: server.holdfast.user,
      password: `\${${passwordVariable}}`,
    },
    backup: {
      full: { schedule: "0 0 1 1 *", retain: "30d", to, method },
      ...(log ? { log: { schedule: "*/15 * * * *", retain: "24h", stream: true, ...log } } : {}),
    },
    heartbeat,
    ...(verify ? { verify } : {}),
  };
}
