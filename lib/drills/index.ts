export { completeDrillTask } from "./complete-drill-task";
export { listDrillHistory } from "./list-drill-history";
export { listDrillTasks } from "./list-drill-tasks";
export { openPeriodTasks } from "./open-period-tasks";
export { signDrillTask } from "./sign-drill-task";
export { suggestEvidence } from "./suggest-evidence";
