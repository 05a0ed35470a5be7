export { getRunbook, listRunbooks } from "./list-runbooks";
export { planRunbook } from "./runbook-plan";
export { startRunbook } from "./start-runbook";
