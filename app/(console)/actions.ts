"use server";

import { action } from "@/app/_server/action";
import { startBackup as startBackupVerb } from "@/lib/backups";

export const startBackup = action(startBackupVerb);
