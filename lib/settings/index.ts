export { applyConfiguration, type AppliedConfiguration } from "./apply-configuration";
export { diffConfiguration } from "./diff-configuration";
export { exportConfiguration, listConfigurations } from "./export-configuration";
export { findConfiguration, loadConfiguration, type LoadedConfiguration } from "./load-configuration";
export { parseConfiguration } from "./parse-configuration";
export { resolveVariables } from "./resolve-variables";
