export { askRecipient, type AskedRecipient } from "./ask-recipient";
export { listRecipients, readRecipients } from "./list-recipients";
export { proveRecipient } from "./prove-recipient";
