import { quoteName, quoteText } from "./server/initialize-data-directory";

/** The least that Holdfast's own account needs, and what for. Documented to operators as it stands here; a test takes each away. */
export const GLOBAL_RIGHTS = [
  {
    right: "SELECT",
    purpose: "read every table, and the routines in mysql.proc",
  },
  { right: "SHOW VIEW", purpose: "dump views" },
  {
    right: "TRIGGER",
    purpose: "dump triggers: without it they are left out without a word",
  },
  { right: "EVENT", purpose: "dump events" },
  {
    right: "RELOAD",
    purpose: "take the snapshot together with its position, close a log file",
  },
  {
    right: "BINLOG MONITOR",
    purpose: "read the log's position and list its files",
  },
  { right: "REPLICATION SLAVE", purpose: "follow the log" },
  {
    right: "REPLICATION MASTER ADMIN",
    purpose: "list the connected replicas, so that none is thrown out",
  },
] as const;

/** What backups of files need beside them. */
export const PHYSICAL_RIGHTS = [
  { right: "PROCESS", purpose: "read the state of InnoDB while its files are copied" },
] as const;

/** In schema `holdfast` alone, for the heartbeat. */
export const HEARTBEAT_RIGHTS = ["CREATE", "SELECT", "INSERT", "UPDATE", "DELETE"] as const;
export const HEARTBEAT_SCHEMA = "holdfast";

/** Statements that make the account, for a person to run as root. Leave `password` out to print them for reading. */
export function leastPrivilegeStatements(account: {
  user: string;
  host: string;
  password?: string;
  /** For backups of files as well. */
  isPhysical?: boolean;
}): string[] {
  const name = `${quoteText(account.user)}@${quoteText(account.host)}`;
  const identified = account.password === undefined ? "" : ` IDENTIFIED BY ${quoteText(account.password)}`;
  const rights = account.isPhysical ? [...GLOBAL_RIGHTS, ...PHYSICAL_RIGHTS] : GLOBAL_RIGHTS;
  return [
    `CREATE USER IF NOT EXISTS ${name}${identified};`,
    `GRANT ${rights.map(({ right }) => right).join(", ")} ON *.* TO ${name};`,
    `GRANT ${HEARTBEAT_RIGHTS.join(", ")} ON ${quoteName(HEARTBEAT_SCHEMA)}.* TO ${name};`,
  ];
}
