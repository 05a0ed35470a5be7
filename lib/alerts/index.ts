export { acknowledgeAlert } from "./acknowledge-alert";
export { deliverAlert } from "./deliver-alert";
export { enqueueDeliveries } from "./enqueue-deliveries";
export { listAlerts } from "./list-alerts";
export { listDeliveries } from "./list-deliveries";
export { raiseAlerts } from "./raise-alerts";
export { settleAlerts } from "./settle-alerts";
export { testChannel } from "./test-channel";
