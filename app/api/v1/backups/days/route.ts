import { route } from "@/app/_server/route";
import { listBackupDays } from "@/lib/backups";
import type { ListBackupDaysInput } from "@/lib/backups/schemas";

export const GET = route(listBackupDays, ({ query }) => query as ListBackupDaysInput);
