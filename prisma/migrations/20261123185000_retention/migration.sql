-- What retention took, when and why. A copy is `expiring` from before its manifest goes until its last object is gone.
ALTER TABLE "backups" ADD COLUMN "expired_at" TIMESTAMPTZ(3);
ALTER TABLE "backups" ADD COLUMN "expired_reason" TEXT;
ALTER TABLE "backup_copies" ADD COLUMN "expired_at" TIMESTAMPTZ(3);
ALTER TABLE "backup_copies" ADD COLUMN "expired_reason" TEXT;
-- Set before the first object of a log goes; the row itself goes with the last one.
ALTER TABLE "log_coverages" ADD COLUMN "expired_at" TIMESTAMPTZ(3);
ALTER TABLE "log_coverages" ADD COLUMN "locked_until" TIMESTAMPTZ(3);

-- What froze a system's retention, and who let it go on.
CREATE TABLE "retention_lifts" (
    "id" UUID NOT NULL,
    "system_id" UUID NOT NULL,
    "cause" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "lifted_at" TIMESTAMPTZ(3) NOT NULL,
    "lifted_by" TEXT NOT NULL,
    "lifted_by_label" TEXT NOT NULL,
    CONSTRAINT "retention_lifts_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "retention_lifts_system_id_cause_key" ON "retention_lifts"("system_id", "cause");

-- One row a system and day on which the schedule applied its plan, or was refused.
CREATE TABLE "retention_days" (
    "system_id" UUID NOT NULL,
    "day" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "outcome" TEXT NOT NULL,
    "run_id" UUID,
    CONSTRAINT "retention_days_pkey" PRIMARY KEY ("system_id", "day")
);
