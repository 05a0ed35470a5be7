"use server";

import { action } from "@/app/_server/action";
import { startBackup as startBackupVerb } from "@/lib/backups";
import { startCheck as startCheckVerb, startRepair as startRepairVerb } from "@/lib/copies";
import { completeDrillTask as completeVerb, signDrillTask as signVerb } from "@/lib/drills";
import { startRestore as startRestoreVerb } from "@/lib/recovery";
import { startRunbook as startRunbookVerb } from "@/lib/runbooks";
import { decideStep as decideStepVerb } from "@/lib/runs";
import { startVerification as startVerificationVerb } from "@/lib/verification";

export const startBackup = action(startBackupVerb);
export const startCheck = action(startCheckVerb);
export const startRepair = action(startRepairVerb);
export const startRestore = action(startRestoreVerb);
export const startVerification = action(startVerificationVerb);
export const startRunbook = action(startRunbookVerb);
export const decideStep = action(decideStepVerb);
export const completeDrillTask = action(completeVerb);
export const signDrillTask = action(signVerb);
