import { route } from "@/app/_server/route";
import { listBackups, startBackup } from "@/lib/backups";
import type { ListBackupsInput, StartBackupInput } from "@/lib/backups/schemas";

export const GET = route(listBackups, ({ query }) => query as ListBackupsInput);
export const POST = route(startBackup, ({ body }) => body as StartBackupInput);
