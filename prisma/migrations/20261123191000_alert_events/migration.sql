-- What a message says of its alert: that it came true, that its task is overdue, or that it is over.
ALTER TABLE "alert_deliveries" ADD COLUMN "event" TEXT NOT NULL DEFAULT 'raised';
ALTER TABLE "alert_deliveries" ADD CONSTRAINT "alert_deliveries_event_check" CHECK ("event" IN ('raised', 'overdue', 'resolved'));
