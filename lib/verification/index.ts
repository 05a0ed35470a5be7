export { planVerification } from "./verification-plan";
export { proveByDrill } from "./prove-by-drill";
export { startVerification } from "./start-verification";
