ALTER TABLE "systems"
  ADD COLUMN "log_server_id" TEXT,
  ADD COLUMN "log_incarnation" TEXT,
  ADD COLUMN "findings" JSONB;
