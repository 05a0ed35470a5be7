export { applyConfiguration, type AppliedConfiguration } from "./apply-configuration";
export { exportConfiguration, listConfigurations } from "./export-configuration";
export { findConfiguration, loadConfiguration, type LoadedConfiguration } from "./load-configuration";
export { parseMailUrl, type MailUrl } from "./mail-url";
export { resolveVariables } from "./resolve-variables";
export { fillPath } from "./check-trees";
