ALTER TABLE "repositories"
  ADD COLUMN "examined_at" TIMESTAMPTZ(3),
  ADD COLUMN "examination" JSONB,
  ADD COLUMN "lock_state" TEXT,
  ADD COLUMN "lock_message" TEXT,
  ADD COLUMN "lock_checked_at" TIMESTAMPTZ(3),
  ADD COLUMN "check_claimed_at" TIMESTAMPTZ(3),
  ADD COLUMN "cleaned_at" TIMESTAMPTZ(3);

ALTER TABLE "log_coverages"
  ADD COLUMN "state" TEXT NOT NULL DEFAULT 'present',
  ADD COLUMN "checked_at" TIMESTAMPTZ(3),
  ADD COLUMN "checked_by" UUID,
  ADD COLUMN "error" TEXT;

ALTER TABLE "backup_copies"
  ADD COLUMN "checked_by" UUID;

CREATE TABLE "repository_orphans" (
  "repository_id" UUID NOT NULL,
  "key" TEXT NOT NULL,
  "size_bytes" BIGINT NOT NULL,
  "modified_at" TIMESTAMPTZ(3) NOT NULL,
  "reason" TEXT NOT NULL,
  "seen_by" UUID NOT NULL,

  CONSTRAINT "repository_orphans_pkey" PRIMARY KEY ("repository_id", "key")
);

ALTER TABLE "repository_orphans"
  ADD CONSTRAINT "repository_orphans_repository_id_fkey"
  FOREIGN KEY ("repository_id") REFERENCES "repositories" ("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE INDEX "backup_copies_repository_id_state_idx" ON "backup_copies" ("repository_id", "state");
