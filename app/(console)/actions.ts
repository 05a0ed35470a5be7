"use server";

import { action } from "@/app/_server/action";
import { acknowledgeAlert as acknowledgeAlertVerb } from "@/lib/alerts";
import { startBackup as startBackupVerb, startCut as startCutVerb } from "@/lib/backups";
import { startCheck as startCheckVerb, startRepair as startRepairVerb } from "@/lib/copies";
import { completeDrillTask as completeVerb, signDrillTask as signVerb } from "@/lib/drills";
import { startRestore as startRestoreVerb } from "@/lib/recovery";
import { applyRetention as applyRetentionVerb, liftFreezes as liftVerb } from "@/lib/retention";
import { startRunbook as startRunbookVerb } from "@/lib/runbooks";
import { decideStep as decideStepVerb } from "@/lib/runs";
import {
  assignFinding as assignFindingVerb,
  closeFinding as closeFindingVerb,
  startSelfTest as startSelfTestVerb,
  startVerification as startVerificationVerb,
} from "@/lib/verification";

export const acknowledgeAlert = action(acknowledgeAlertVerb);
export const startBackup = action(startBackupVerb);
export const startCut = action(startCutVerb);
export const startCheck = action(startCheckVerb);
export const startRepair = action(startRepairVerb);
export const startRestore = action(startRestoreVerb);
export const startVerification = action(startVerificationVerb);
export const applyRetention = action(applyRetentionVerb);
export const liftFreezes = action(liftVerb);
export const startRunbook = action(startRunbookVerb);
export const decideStep = action(decideStepVerb);
export const completeDrillTask = action(completeVerb);
export const signDrillTask = action(signVerb);
export const startSelfTest = action(startSelfTestVerb);
export const assignFinding = action(assignFindingVerb);
export const closeFinding = action(closeFindingVerb);
