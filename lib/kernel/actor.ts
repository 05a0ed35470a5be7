import type { Role } from "./permissions";

/** Who acts. The audit log keeps it with every event. */
export type Actor =
  | { kind: "user"; id: string; email: string; name: string; role: Role }
  /** A person with a shell on the console's machine: the command line. */
  | { kind: "shell"; user: string }
  /** Holdfast itself: a job, the scheduler, the supervisor. */
  | { kind: "system"; job: string }
  | { kind: "anonymous" };

/** How lists and logs name an actor. */
export function actorLabel(actor: Actor): string {
  switch (actor.kind) {
    case "user":
      return actor.email;
    case "shell":
      return `shell:${actor.user}`;
    case "system":
      return `system:${actor.job}`;
    case "anonymous":
      return "anonymous";
  }
}

/** The stable id of an actor, for filters and for "who may not approve". */
export function actorId(actor: Actor): string {
  return actor.kind === "user" ? actor.id : actorLabel(actor);
}
