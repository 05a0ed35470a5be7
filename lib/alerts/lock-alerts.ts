import type { Tx } from "@/lib/db/context";

/** One runner at a time raises and settles, until its transaction ends. */
export async function lockAlerts(tx: Tx): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('holdfast.alerts'))`;
}
