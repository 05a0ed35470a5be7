/** What the operator should know about an error number of server or connector. `permanent`: a retry cannot help. */
export interface KnownError {
  message: string;
  hint: string;
  permanent: boolean;
  /** The server's own words hold names at most, never a row: they may be shown. */
  shown?: boolean;
}

const FULL_DISK = "Is the disk of the server's data directory full? Free space there, or use a larger one.";
const RIGHTS = "Has the account every right that Holdfast's list of least privileges names?";

/**
 * What a fresh server of the source's own kind says only where a dump or a log is not right: a name that is not there or
 * there twice, a row that is missing or double, a value that fits no column. Whatever else it says may be its own trouble.
 */
export const DAMAGE_NUMBERS: ReadonlySet<number> = new Set([
  ...[1007, 1032, 1046, 1049, 1050, 1054, 1060, 1061, 1062, 1064, 1067, 1072, 1091, 1109, 1115, 1136, 1146, 1176],
  ...[1215, 1216, 1217, 1231, 1264, 1273, 1292, 1300, 1304, 1305, 1359, 1364, 1366, 1406, 1451, 1452, 1537, 1677],
]);

/** By error number of the server, or of the connector (from 45000). */
export const KNOWN_ERRORS: Record<number, KnownError> = {
  1021: {
    message: "the disk is full",
    hint: FULL_DISK,
    permanent: false,
  },
  1026: {
    message: "the server cannot write a file",
    hint: FULL_DISK,
    permanent: false,
  },
  1040: {
    message: "the server has too many connections",
    hint: "Is max_connections high enough, or does a client leak connections?",
    permanent: false,
  },
  1044: {
    message: "the account may not use this schema",
    hint: RIGHTS,
    permanent: true,
    shown: true,
  },
  1045: {
    message: "the server refused the user name or the password",
    hint: "Are the user and the password in the configuration right, and may this user connect from here?",
    permanent: true,
  },
  1049: {
    message: "a schema does not exist",
    hint: "Was it dropped or renamed?",
    permanent: true,
    shown: true,
  },
  1054: {
    message: "a column does not exist",
    hint: "Does the statement fit this server's tables?",
    permanent: true,
    shown: true,
  },
  1064: {
    message: "the server does not understand the statement",
    hint: "Is its syntax right for this version of MariaDB?",
    permanent: true,
  },
  1114: {
    message: "a table takes no more rows",
    hint: FULL_DISK,
    permanent: false,
  },
  1129: {
    message: "the server has blocked this host after many failed connections",
    hint: "Run FLUSH HOSTS on the server once its cause is found.",
    permanent: true,
  },
  1130: {
    message: "the server lets no user connect from this host",
    hint: "Is the account made for this runner's address?",
    permanent: true,
  },
  1142: {
    message: "the account may not do this to a table",
    hint: RIGHTS,
    permanent: true,
    shown: true,
  },
  1143: {
    message: "the account may not use a column",
    hint: RIGHTS,
    permanent: true,
    shown: true,
  },
  1146: {
    message: "a table does not exist",
    hint: "Was it dropped or renamed?",
    permanent: true,
    shown: true,
  },
  1203: {
    message: "the account has too many connections",
    hint: "Is max_user_connections of this account high enough?",
    permanent: false,
  },
  1205: {
    message: "a lock was not granted in time",
    hint: "Which transaction holds it? SHOW ENGINE INNODB STATUS names it.",
    permanent: false,
  },
  1213: {
    message: "the server chose the statement to end a deadlock",
    hint: "It is safe to try again.",
    permanent: false,
  },
  1226: {
    message: "the account has used up a limit",
    hint: "Are the account's limits (max_queries_per_hour and the like) meant for it?",
    permanent: false,
  },
  1227: {
    message: "the account lacks a right",
    hint: RIGHTS,
    permanent: true,
    shown: true,
  },
  1290: {
    message: "the server runs with an option that forbids it",
    hint: "Is the server read-only?",
    permanent: true,
    shown: true,
  },
  1356: {
    message: "a view is broken",
    hint: "Do the tables, columns and definer that it names still exist?",
    permanent: true,
    shown: true,
  },
  1370: {
    message: "the account may not use a routine",
    hint: RIGHTS,
    permanent: true,
    shown: true,
  },
  1396: {
    message: "an account cannot be made or changed",
    hint: "Is there one of this name already?",
    permanent: true,
  },
  1449: {
    message: "a definer does not exist",
    hint: "Was the account dropped that owns the view or routine?",
    permanent: true,
    shown: true,
  },
  1524: {
    message: "the server lacks a plugin",
    hint: "Is the plugin installed on this server too?",
    permanent: true,
    shown: true,
  },
  1698: {
    message: "the server refused the user name or the password",
    hint: "Does the account log in by password? One that logs in by socket needs the same user of the operating system.",
    permanent: true,
  },
  1820: {
    message: "the account's password has expired",
    hint: "Set a new password for the account and in the configuration.",
    permanent: true,
  },
  1862: {
    message: "the account's password has expired",
    hint: "Set a new password for the account and in the configuration.",
    permanent: true,
  },
  1969: {
    message: "the server ended the statement after its time limit",
    hint: "Is the server overloaded, or max_statement_time too short?",
    permanent: false,
  },
  4151: {
    message: "the account is locked",
    hint: "Unlock it with ALTER USER … ACCOUNT UNLOCK.",
    permanent: true,
  },
  45009: {
    message: "the server closed the connection",
    hint: "Is the server still running? Its error log says why it went.",
    permanent: false,
  },
  45012: {
    message: "the server did not answer in time",
    hint: "Can this runner reach the server's address and port?",
    permanent: false,
  },
  45013: {
    message: "the server closed the connection",
    hint: "Is the server still running? Its error log says why it went.",
    permanent: false,
  },
};

/** By code of the operating system. */
export const SYSTEM_ERRORS: Record<string, Omit<KnownError, "shown">> = {
  ECONNREFUSED: {
    message: "nothing listens there",
    hint: "Is the server running, and are host and port, or the socket, right?",
    permanent: false,
  },
  ENOENT: {
    message: "the socket does not exist",
    hint: "Is the server running, and is this the socket in its configuration?",
    permanent: false,
  },
  EACCES: {
    message: "this process may not open the socket",
    hint: "May the runner's user of the operating system enter the socket's directory?",
    permanent: true,
  },
  ENOTFOUND: {
    message: "the host name is unknown",
    hint: "Is the host in the configuration spelled right, and does its name resolve here?",
    permanent: false,
  },
  EAI_AGAIN: {
    message: "the host name cannot be looked up",
    hint: "Does name resolution work on this machine?",
    permanent: false,
  },
  ECONNRESET: {
    message: "the server closed the connection",
    hint: "Is the server still running? Its error log says why it went.",
    permanent: false,
  },
  EPIPE: {
    message: "the server closed the connection",
    hint: "Is the server still running? Its error log says why it went.",
    permanent: false,
  },
  ETIMEDOUT: {
    message: "the server did not answer in time",
    hint: "Can this runner reach the server's address and port?",
    permanent: false,
  },
  EHOSTUNREACH: {
    message: "the host cannot be reached",
    hint: "Can this runner reach the server's address?",
    permanent: false,
  },
};
