export * as repositoryKeys from "./keys";
export { findObject } from "./read-object";
export { openKnownRepository } from "./open-known-repository";
export { listRepositories } from "./list-repositories";
export { openRepository, readIdentity, type OpenRepository } from "./open-repository";
export { writeEverywhere, type WrittenPiece, type Written } from "./write-everywhere";
