import type { RepositoryDeclaration } from "./schemas";

/** Where a repository is, for people: never a key. */
export function describeLocation(repository: RepositoryDeclaration): string {
  if (repository.kind === "directory") return repository.path;
  const prefix = repository.prefix ? `/${repository.prefix}` : "";
  const where = repository.endpoint ? ` at ${repository.endpoint}` : ` in ${repository.region}`;
  return `s3://${repository.bucket}${prefix}${where}`;
}
