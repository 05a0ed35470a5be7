export { applyDueRetention } from "./apply-due-retention";
export { applyRetention } from "./apply-retention";
export { liftFreezes } from "./lift-freezes";
export { planRetention } from "./plan-retention";
export { planRetentionRun } from "./retention-run";
