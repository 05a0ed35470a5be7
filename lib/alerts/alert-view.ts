import type { Severity } from "@/lib/audit/schemas";
import type { Prisma } from "@/lib/db/client";
import type { Ctx, Tx } from "@/lib/db/context";
import { NotFoundError } from "@/lib/kernel/errors";
import { isAllowed } from "@/lib/kernel/permissions";
import { OPEN_RUN_STATES } from "@/lib/runs/schemas";
import { findConfiguration } from "@/lib/settings";
import { ALERT_ACTION, stateOf, systemTitleOf, titleOf } from "./model";
import type { AlertKind, AlertView, DeliveryEvent, DeliveryState, DeliveryView } from "./schemas";

export const ALERT_INCLUDE = {
  system: { select: { name: true } },
  deliveries: { orderBy: [{ createdAt: "asc" }, { channel: "asc" }, { recipient: "asc" }] },
} as const satisfies Prisma.AlertInclude;

type AlertRow = Prisma.AlertGetPayload<{ include: typeof ALERT_INCLUDE }>;
type DeliveryRow = AlertRow["deliveries"][number];

export function toDeliveryView(row: DeliveryRow): DeliveryView {
  const { id, channel, recipient, attempts, lastAnswer } = row;
  return {
    ...{ id, channel, recipient, attempts, lastAnswer },
    kind: row.kind as DeliveryView["kind"],
    state: row.state as DeliveryState,
    event: row.event as DeliveryEvent,
    createdAt: row.createdAt.toISOString(),
    nextTryAt: row.nextTryAt?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
  };
}

/** Alerts as their views, in the order given. */
export async function toAlertViews(db: Tx | Ctx["db"], ctx: Ctx, rows: readonly AlertRow[]): Promise<AlertView[]> {
  const systems = (await findConfiguration(ctx))?.configuration.systems ?? {};
  const runs = await db.run.findMany({
    where: {
      kind: "backup",
      state: { in: [...OPEN_RUN_STATES] },
      systemId: { in: rows.filter((row) => !row.resolvedAt).map((row) => row.systemId) },
    },
    select: { id: true, systemId: true, parameters: true },
  });
  return rows.map((row) => {
    const declaration = systems[row.system.name];
    return toAlertView(ctx, row, {
      systemTitle: systemTitleOf(row.system.name, declaration?.title),
      isBackedUp: declaration !== undefined && declaration.kind !== "service" && Boolean(declaration.backup.full),
      openRunId: runs.find((run) => run.systemId === row.systemId && !isLogBackup(run.parameters))?.id ?? null,
    });
  });
}

/** A log is shipped beside a full: it does not stand for one. */
function isLogBackup(parameters: Prisma.JsonValue): boolean {
  return typeof parameters === "object" && parameters !== null && "type" in parameters && parameters.type === "log";
}

interface Surroundings {
  systemTitle: string;
  isBackedUp: boolean;
  openRunId: string | null;
}

function toAlertView(ctx: Ctx, row: AlertRow, { systemTitle, isBackedUp, openRunId }: Surroundings): AlertView {
  const { id, cause, hint, occurrences, runId, backupId, note, type, level } = row;
  const kind = row.kind as AlertKind;
  const state = stateOf(row);
  return {
    ...{ id, kind, state, cause, hint, occurrences, runId, backupId, note },
    severity: row.severity as Severity,
    system: row.system.name,
    title: titleOf({ kind, type, level, systemTitle }),
    ...timesOf(row),
    acknowledgedBy: row.acknowledgedByLabel,
    task: {
      action: ALERT_ACTION.words,
      dueAt: row.dueAt.toISOString(),
      isOverdue: row.doneAt === null && row.resolvedAt === null && row.dueAt <= ctx.now(),
      doneAt: row.doneAt?.toISOString() ?? null,
      doneBackupId: row.doneBackupId,
      openRunId,
    },
    deliveries: row.deliveries.map(toDeliveryView),
    mayAcknowledge: state === "open" && isAllowed(ctx.actor, "alert.acknowledge"),
    mayBackUp: isBackedUp && state !== "resolved" && row.doneAt === null && isAllowed(ctx.actor, "backup.start"),
  };
}

function timesOf(row: AlertRow) {
  return {
    firstAt: row.firstAt.toISOString(),
    lastAt: row.lastAt.toISOString(),
    raisedAt: row.raisedAt.toISOString(),
    acknowledgedAt: row.acknowledgedAt?.toISOString() ?? null,
    resolvedAt: row.resolvedAt?.toISOString() ?? null,
  };
}

/** One alert's view, as it is now. @throws NotFoundError */
export async function readAlertView(tx: Tx, ctx: Ctx, id: string): Promise<AlertView> {
  const row = await tx.alert.findUnique({ where: { id }, include: ALERT_INCLUDE });
  const [view] = row ? await toAlertViews(tx, ctx, [row]) : [];
  if (!view) throw new NotFoundError("alert", id);
  return view;
}
