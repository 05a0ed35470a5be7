ALTER TABLE "systems"
  ADD COLUMN "log_server_id" TEXT,
  ADD COLUMN "log_incarnation" TEXT,
  ADD COLUMN "findings" JSONB;

ALTER TABLE "log_coverages"
  ADD COLUMN "file_id" TEXT,
  ADD COLUMN "next_file" TEXT;
