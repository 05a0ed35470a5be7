import { param, route } from "@/app/_server/route";
import { getBackupDay } from "@/lib/backups";
import type { GetBackupDayInput } from "@/lib/backups/schemas";

export const GET = route(
  getBackupDay,
  (input) => ({ ...input.query, date: param(input, "date") }) as GetBackupDayInput,
);
