import type { RepositoryIdentity } from "./schemas";

/** The README.md that lies in a repository: how to restore with standard tools, when Holdfast is gone. */
export function describeRepository(identity: RepositoryIdentity): string {
  return `# Backups, restorable without Holdfast

Repository ${identity.id}, format ${identity.format}, made ${identity.createdAt}.

You need this folder, the private age key (identity) that was escrowed, and Debian's packages
\`age zstd openssl jq mariadb-client mariadb-server-core\`.

    sh restore.sh list   FOLDER
    sh restore.sh verify FOLDER SYSTEM BACKUP
    sh restore.sh users  FOLDER SYSTEM BACKUP IDENTITY > users.sql
    sh restore.sh dump   FOLDER SYSTEM BACKUP IDENTITY > dump.sql
    sh restore.sh log    FOLDER SYSTEM BACKUP OUTPUT-FOLDER IDENTITY

FOLDER is a local copy of this repository (\`aws s3 sync s3://BUCKET/PREFIX FOLDER\`).

| what | where |
|---|---|
| a backup | \`systems/SYSTEM/ID/\`: it exists when \`manifest.json\` is there and \`manifest.json.sig\` fits it |
| its data | the manifest's \`parts\`, in order: \`cat PIECES \\| age -d -i IDENTITY \\| zstd -d\` |
| its users | \`users.sql.zst.age\`, loaded before the data |
| the log | \`systems/SYSTEM/log/SERVER/INCARNATION/\`: segments \`FILE.START-END.SHA256.zst.age\`, or a whole closed \`FILE.zst.age\` |

Order of a restore: a fresh MariaDB of the manifest's version, users, data, then the log from the manifest's position:
\`mariadb-binlog --start-position=GTID FILES | mariadb\`.

Signatures are Ed25519 over the bytes of \`manifest.json\`; the public keys stand in \`holdfast.json\`. Compare them with
a copy that you kept elsewhere.
`;
}
