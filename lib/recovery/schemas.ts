import { z } from "zod";

export const StartRestoreInput = z.strictObject({
  system: z.string().min(1),
  /** `scratch`: a throw-away server; `dir:PATH`: a directory of its own, and all that files and code come back into; or
   *  the name of a declared target. */
  to: z.string().min(1).default("scratch"),
  /** POINT: `latest`, an RFC 3339 time, `gtid:D-S-N`, `before-gtid:D-S-N`. */
  at: z.string().min(1).default("latest"),
  /** Restore from this repository alone; otherwise from the one that reaches the point and answers first. */
  from: z.string().optional(),
  reason: z.string().max(500).optional(),
});
export type StartRestoreInput = z.input<typeof StartRestoreInput>;

export const PreviewRestoreInput = z.strictObject({
  system: z.string().min(1),
  at: z.string().min(1).default("latest"),
  from: z.string().optional(),
  to: z.string().min(1).default("scratch"),
});
export type PreviewRestoreInput = z.input<typeof PreviewRestoreInput>;

/** A reason why it cannot be started as it stands, and what to check. */
const Refusal = z.object({ message: z.string(), hint: z.string() });

/** A full and its log, or the increments that continue it, in one repository, which reach the point as far as the catalogue knows. */
export const RestoreChain = z.object({
  repository: z.string(),
  backupId: z.string(),
  fullAt: z.string(),
  /** What it reaches, the point among it. */
  from: z.string(),
  to: z.string(),
  isProven: z.boolean(),
  /** Of files: how many backups continue the full. */
  increments: z.number().default(0),
  /** Stored bytes that are fetched: the full's with its increments, and at most so many of log in whole files. */
  fullBytes: z.number().nullable(),
  logBytes: z.number(),
  /** Bytes as they are loaded and replayed; null where the manifest is not in the catalogue. */
  plainBytes: z.number().nullable(),
  plainLogBytes: z.number(),
});
export type RestoreChain = z.infer<typeof RestoreChain>;

/** An instant that the catalogue knows, near a chosen point. */
export const Neighbour = z.object({
  at: z.string(),
  kind: z.enum(["full", "incremental", "first-transaction", "last-heartbeat", "last-transaction"]),
  gtid: z.string().nullable(),
  file: z.string().nullable(),
});
export type Neighbour = z.infer<typeof Neighbour>;

/** Of earlier runs of the system; the range is that of the fastest and the slowest. */
export const DurationForecast = z.object({
  seconds: z.number(),
  secondsRange: z.tuple([z.number(), z.number()]),
  /** Runs that it was measured in. */
  samples: z.number(),
  newestAt: z.string(),
});
export type DurationForecast = z.infer<typeof DurationForecast>;

export const RestorePreview = z.object({
  asOf: z.string(),
  system: z.string(),
  /** null: a transaction, which the run finds in the log; or nothing can be recovered at all. */
  pointAt: z.string().nullable(),
  isTransaction: z.boolean(),
  /** `log`: any second; `backups`: what has no log comes back as one of its backups was. */
  points: z.enum(["log", "backups"]),
  /** How near the run comes to a time: heartbeats are that far apart. 0 where each point is a backup. */
  resolutionMs: z.number(),
  chains: z.array(RestoreChain),
  before: z.array(Neighbour),
  after: z.array(Neighbour),
  /** Why no chain reaches the point, and the nearest instants that some chain reaches. */
  unreachable: z
    .object({ message: z.string(), before: z.string().nullable(), after: z.string().nullable() })
    .nullable(),
  targetRefusal: Refusal.nullable(),
  forecast: DurationForecast.nullable(),
  /** What the data and the log take on the target's disk, without indexes that are larger than the dump. */
  neededBytes: z.number().nullable(),
  /** The runner that would do it; null: none of its place lives. */
  runner: z
    .object({ host: z.string(), seenAt: z.string(), freeBytes: z.number().nullable(), freeAt: z.string().nullable() })
    .nullable(),
});
export type RestorePreview = z.infer<typeof RestorePreview>;
