import type { RepositoryIdentity } from "./schemas";

/** The README.md that lies in a repository: how to restore with standard tools, when Holdfast is gone. */
export function describeRepository(identity: RepositoryIdentity): string {
  return `# Backups, restorable without Holdfast

Repository ${identity.id}, format ${identity.format}, made ${identity.createdAt}.

You need this folder, the private age key (identity) that was escrowed, and Debian's packages
\`age zstd openssl jq tar git mariadb-client mariadb-server-core\`, and \`mariadb-backup\` where a backup's method is \`physical\`.

    sh restore.sh list   FOLDER
    sh restore.sh verify FOLDER SYSTEM BACKUP
    sh restore.sh users  FOLDER SYSTEM BACKUP IDENTITY > users.sql
    sh restore.sh dump   FOLDER SYSTEM BACKUP IDENTITY > dump.sql
    sh restore.sh log    FOLDER SYSTEM BACKUP OUTPUT-FOLDER IDENTITY
    sh restore.sh files  FOLDER SYSTEM BACKUP OUTPUT-FOLDER IDENTITY
    sh restore.sh logs   FOLDER SYSTEM BACKUP OUTPUT-FOLDER IDENTITY
    sh restore.sh code   FOLDER SYSTEM BACKUP OUTPUT-FOLDER IDENTITY

FOLDER is a local copy of this repository (\`aws s3 sync s3://BUCKET/PREFIX FOLDER\`).

| what | where |
|---|---|
| a backup | \`systems/SYSTEM/ID/\`: it exists when \`manifest.json\` is there and \`manifest.json.sig\` fits it |
| its data | the manifest's \`parts\`, in order: \`cat PIECES \\| age -d -i IDENTITY \\| zstd -d\` |
| files | \`files.tar.zst.age\`; an increment after all that its manifests' \`parent\` name, each by \`tar -x --listed-incremental=/dev/null\` |
| logs among files | a backup of type \`log\`: \`logs.tar.zst.age\` holds what was appended since the one that its manifest's \`after\` names, an entry \`LOG/START-END\` a piece; in the order of their names \`cat\` gives the log. \`followed\` says which log lay where |
| code | \`code.bundle.zst.age\`: \`git clone\` reads it |
| its users | \`users.sql.zst.age\` |
| the log | \`systems/SYSTEM/log/SERVER/INCARNATION/\`: segments \`FILE.START-END.SHA256.zst.age\`, or a whole closed \`FILE.zst.age\` |

## A restore, step by step
1. Make a fresh MariaDB of the version and with the settings that \`jq .server manifest.json\` tells (page size and
   lower_case_table_names when its data directory is made; character set, sql_mode, time zone and plugins when it
   starts), and start it with \`--event-scheduler=OFF --max-allowed-packet=1G\`: events come back enabled.
2. \`sh restore.sh dump … | mariadb --comments --binary-mode --max-allowed-packet=1G\`
3. \`sh restore.sh users … | mariadb\`: after the data, since rights on single tables need these to be there.
   A backup whose method is \`physical\` needs no fresh server: \`sh restore.sh files …\` puts its data directory together and
   prints how a server is started on it, with the accounts that the source had. The log follows as below.
4. \`sh restore.sh log …\` writes whole log files and prints the command that replays them. With
   \`--stop-position=D-S-N\` the replay ends with that transaction; its GTIDs and times are what
   \`mariadb-binlog --base64-output=decode-rows -v FILES\` prints.

Whatever does not fit ends with an exit code that is not 0: use \`set -o pipefail\` in a shell that knows it.

Signatures are Ed25519 over the bytes of \`manifest.json\`; the public keys stand in \`holdfast.json\`. Compare them with
a copy that you kept elsewhere.
`;
}
