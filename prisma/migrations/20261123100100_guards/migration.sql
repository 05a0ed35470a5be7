-- The audit log is append-only for every client, also for one that replays as a replica.
CREATE FUNCTION refuse_audit_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_events is append-only: % is refused', TG_OP
    USING ERRCODE = 'insufficient_privilege',
          HINT = 'Record a new event that corrects the old one.';
END;
$$;

-- For each statement, not each row: a statement that would match nothing is refused as well.
CREATE TRIGGER audit_events_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_events"
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
ALTER TABLE "audit_events" ENABLE ALWAYS TRIGGER audit_events_append_only;

-- Tells live pages which run changed: channel "run", payload the run's id. PostgreSQL folds equal
-- notices of one transaction into one and delivers them at its commit.
CREATE FUNCTION notify_run_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('run', NEW.run_id::text);
  RETURN NULL;
END;
$$;

CREATE FUNCTION notify_run_row_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('run', NEW.id::text);
  RETURN NULL;
END;
$$;

CREATE TRIGGER runs_notify
  AFTER INSERT OR UPDATE ON "runs"
  FOR EACH ROW EXECUTE FUNCTION notify_run_row_change();
CREATE TRIGGER run_steps_notify
  AFTER INSERT OR UPDATE ON "run_steps"
  FOR EACH ROW EXECUTE FUNCTION notify_run_change();
CREATE TRIGGER run_logs_notify
  AFTER INSERT OR UPDATE ON "run_logs"
  FOR EACH ROW EXECUTE FUNCTION notify_run_change();
