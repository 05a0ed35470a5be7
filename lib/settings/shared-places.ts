type Place =
  { kind: "directory"; path: string } | { kind: "s3"; bucket: string; prefix: string; endpoint?: string | undefined };

/** Two names for one place would count one copy twice. */
export function sharedPlaces(repositories: Record<string, Place>): { path: string[]; message: string }[] {
  const places = new Map<string, string>();
  return Object.entries(repositories).flatMap(([name, repository]) => {
    const place = placeOf(repository);
    const first = places.get(place);
    places.set(place, first ?? name);
    const message = `expected a place of its own: "${first}" lies there already`;
    return first === undefined ? [] : [{ path: ["repositories", name], message }];
  });
}

function placeOf(repository: Place): string {
  if (repository.kind === "directory") return repository.path.replace(/\/+$/, "");
  const { bucket, prefix, endpoint = "" } = repository;
  return JSON.stringify([endpoint.replace(/\/+$/, ""), bucket, prefix.replace(/^\/+|\/+$/g, "")]);
}
