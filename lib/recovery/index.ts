export { checkTables, findHeartbeat, runQueries } from "./check-server";
export { cleanUpRecovery } from "./clean-up";
export { compareLogFiles, coverLog, type LogPiece } from "./cover-log";
export { compareContent } from "./compare-content";
export { fetchLog } from "./fetch-log";
export { findPoint } from "./find-point";
export { leaveDirectory } from "./hand-over";
export { loadData } from "./load-data";
export { openRecovery } from "./open-recovery";
export { known, type Recovery, type RecoveryCtx, type RecoverySource } from "./recovery";
export { parsePoint } from "./point";
export { previewRestore } from "./preview-restore";
export { readBack } from "./read-back";
export { replayLog } from "./replay-log";
export { describeResult, planRestore, type RestoreShared } from "./restore-plan";
export { startRestore } from "./start-restore";
export {
  type TreeRecovery,
  checkTree,
  describeTreeResult,
  dropTree,
  findTree,
  holdsTree,
  settleTree,
  unpackTree,
} from "./tree-recovery";
