export { planCheck } from "./check-plan";
export { planRepair } from "./repair-plan";
export { startCheck } from "./start-check";
export { startRepair } from "./start-repair";
export { judgeLock } from "./try-lock";
