export { getSystem } from "./get-system";
export { keepHeartbeat } from "./keep-heartbeat";
export { listSystems } from "./list-systems";
