-- What somebody must hear of, written by the database itself in the transaction of the fact: whoever records a failed
-- run, a missed slot or a gap cannot forget it, and no runner that dies afterwards can lose it.
CREATE TABLE "alert_facts" (
    "id" BIGSERIAL NOT NULL,
    "kind" TEXT NOT NULL,
    "ref" TEXT NOT NULL,
    "system_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "details" JSONB NOT NULL,
    "alert_id" UUID,
    "handled_at" TIMESTAMPTZ(3),
    CONSTRAINT "alert_facts_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "alert_facts_kind_ref_key" ON "alert_facts"("kind", "ref");
CREATE INDEX "alert_facts_alert_id_idx" ON "alert_facts"("alert_id");
CREATE INDEX "alert_facts_open_idx" ON "alert_facts"("id") WHERE "handled_at" IS NULL;

CREATE TABLE "alerts" (
    "id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "severity" TEXT NOT NULL,
    "system_id" UUID NOT NULL,
    "type" TEXT,
    "level" TEXT,
    "cause" TEXT NOT NULL,
    "hint" TEXT,
    "run_id" UUID,
    "backup_id" UUID,
    "occurrences" INTEGER NOT NULL DEFAULT 1,
    "first_at" TIMESTAMPTZ(3) NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,
    "raised_at" TIMESTAMPTZ(3) NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "overdue_at" TIMESTAMPTZ(3),
    "done_at" TIMESTAMPTZ(3),
    "done_backup_id" UUID,
    "acknowledged_at" TIMESTAMPTZ(3),
    "acknowledged_by" TEXT,
    "acknowledged_by_label" TEXT,
    "note" TEXT,
    "resolved_at" TIMESTAMPTZ(3),
    CONSTRAINT "alerts_pkey" PRIMARY KEY ("id")
);
-- One condition has one open alert, however often it comes true.
CREATE UNIQUE INDEX "alerts_open_key" ON "alerts"("key") WHERE "resolved_at" IS NULL;
CREATE INDEX "alerts_raised_at_idx" ON "alerts"("raised_at" DESC);

CREATE TABLE "alert_deliveries" (
    "id" UUID NOT NULL,
    "alert_id" UUID,
    "channel" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "recipient" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "last_answer" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "enqueued_at" TIMESTAMPTZ(3),
    "next_try_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    CONSTRAINT "alert_deliveries_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "alert_deliveries_alert_id_idx" ON "alert_deliveries"("alert_id");
CREATE INDEX "alert_deliveries_pending_idx" ON "alert_deliveries"("next_try_at") WHERE "state" = 'pending';

ALTER TABLE "alerts" ADD CONSTRAINT "alerts_system_id_fkey"
  FOREIGN KEY ("system_id") REFERENCES "systems"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "alert_deliveries" ADD CONSTRAINT "alert_deliveries_alert_id_fkey"
  FOREIGN KEY ("alert_id") REFERENCES "alerts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE FUNCTION note_run_failure() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  -- A backup that lacks a copy ends its run as failed: that is one fact, noted with the backup.
  IF EXISTS (SELECT 1 FROM backups WHERE run_id = NEW.id AND state = 'incomplete') THEN RETURN NULL; END IF;
  INSERT INTO alert_facts (kind, ref, system_id, at, details)
  VALUES (NEW.kind || '-failed', concat_ws(':', NEW.id, NEW.system_id), NEW.system_id, COALESCE(NEW.ended_at, now()), jsonb_build_object(
    'runId', NEW.id, 'backupId', NEW.backup_id, 'type', NEW.parameters->>'type', 'level', NEW.parameters->>'level',
    'error', NEW.error_message, 'hint', NEW.error_hint))
  ON CONFLICT (kind, ref) DO NOTHING;
  RETURN NULL;
END;
$$;

-- An aborted run is none: whoever stopped it knows.
CREATE TRIGGER runs_note_failure
  AFTER INSERT OR UPDATE OF state ON "runs"
  FOR EACH ROW WHEN (NEW.state = 'failed' AND NEW.kind IN ('backup', 'verification') AND NEW.system_id IS NOT NULL)
  EXECUTE FUNCTION note_run_failure();

CREATE FUNCTION note_backup_failure() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.state = NEW.state THEN RETURN NULL; END IF;
  -- A backup may lose a copy again: each time is a fact of its own.
  INSERT INTO alert_facts (kind, ref, system_id, at, details)
  VALUES ('backup-' || NEW.state, NEW.id::text || ':' || pg_current_xact_id()::text, NEW.system_id,
    COALESCE(NEW.ended_at, now()), jsonb_build_object(
    'runId', NEW.run_id, 'backupId', NEW.id, 'type', NEW.type, 'error', NEW.error))
  ON CONFLICT (kind, ref) DO NOTHING;
  RETURN NULL;
END;
$$;

-- The failure of a backup that has a run is its run's: an attempt that another runner took over is no failure yet.
CREATE TRIGGER backups_note_failure
  AFTER INSERT OR UPDATE OF state ON "backups"
  FOR EACH ROW WHEN (NEW.state = 'incomplete' OR (NEW.state = 'failed' AND NEW.run_id IS NULL))
  EXECUTE FUNCTION note_backup_failure();

CREATE FUNCTION note_missed_slot() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO alert_facts (kind, ref, system_id, at, details)
  VALUES ('slot-missed', concat_ws('/', NEW.system_id, NEW.type, NEW.due_at), NEW.system_id,
    COALESCE(NEW.ended_at, now()), jsonb_build_object('type', NEW.type, 'dueAt', NEW.due_at))
  ON CONFLICT (kind, ref) DO NOTHING;
  RETURN NULL;
END;
$$;

CREATE TRIGGER slots_note_missed
  AFTER INSERT OR UPDATE OF state ON "slots"
  FOR EACH ROW WHEN (NEW.state = 'missed')
  EXECUTE FUNCTION note_missed_slot();

-- By its run and system: the run that fails for the same reason is the same fact.
CREATE FUNCTION note_verification_failure() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO alert_facts (kind, ref, system_id, at, details)
  VALUES ('verification-failed', concat_ws(':', COALESCE(NEW.run_id, NEW.id), NEW.system_id), NEW.system_id, NEW.at, jsonb_build_object(
    'runId', NEW.run_id, 'backupId', NEW.backup_id, 'level', NEW.level, 'verdict', NEW.verdict,
    'error', NEW.details->>'error'))
  ON CONFLICT (kind, ref) DO NOTHING;
  RETURN NULL;
END;
$$;

CREATE TRIGGER verifications_note_failure
  AFTER INSERT OR UPDATE OF verdict ON "verifications"
  FOR EACH ROW WHEN (NEW.verdict <> 'pass')
  EXECUTE FUNCTION note_verification_failure();

CREATE FUNCTION note_log_gap() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO alert_facts (kind, ref, system_id, at, details)
  VALUES ('log-gap', NEW.id::text, NEW.system_id, NEW.detected_at, jsonb_build_object(
    'type', 'log', 'error', NEW.reason, 'fromAt', NEW.from_at, 'toAt', NEW.to_at))
  ON CONFLICT (kind, ref) DO NOTHING;
  RETURN NULL;
END;
$$;

CREATE TRIGGER log_gaps_note
  AFTER INSERT ON "log_gaps"
  FOR EACH ROW EXECUTE FUNCTION note_log_gap();
