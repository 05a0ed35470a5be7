ALTER TABLE "verifications" ADD COLUMN "duration_ms" INTEGER;

-- What verifications found, with owner and due date until a person closes it.
CREATE TABLE "findings" (
    "id" UUID NOT NULL,
    "system_id" UUID,
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "detail" TEXT NOT NULL,
    "backup_id" UUID,
    "run_id" UUID,
    "owner" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "opened_at" TIMESTAMPTZ(3) NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    "times" INTEGER NOT NULL DEFAULT 1,
    "closed_at" TIMESTAMPTZ(3),
    "closed_by" TEXT,
    "closed_by_label" TEXT,
    "note" TEXT,
    CONSTRAINT "findings_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "findings_system_id_fkey" FOREIGN KEY ("system_id") REFERENCES "systems"("id") ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE INDEX "findings_closed_at_due_at_idx" ON "findings"("closed_at", "due_at");
CREATE INDEX "findings_system_id_opened_at_idx" ON "findings"("system_id", "opened_at" DESC);
-- One open finding of a kind and subject: runners that find it at once count it up.
CREATE UNIQUE INDEX "findings_open_key" ON "findings"(COALESCE("system_id", '00000000-0000-0000-0000-000000000000'::uuid), "kind", "subject") WHERE "closed_at" IS NULL;

-- The verifier tried on backups that are broken by intent. The due time is the claim of its weekly slot.
CREATE TABLE "verifier_tests" (
    "id" UUID NOT NULL,
    "due_at" TIMESTAMPTZ(3),
    "run_id" UUID NOT NULL,
    "state" TEXT NOT NULL,
    "plants" JSONB NOT NULL DEFAULT '[]',
    "error" TEXT,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    CONSTRAINT "verifier_tests_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "verifier_tests_state_check" CHECK ("state" IN ('running', 'passed', 'broken', 'failed'))
);
CREATE UNIQUE INDEX "verifier_tests_due_at_key" ON "verifier_tests"("due_at");
CREATE UNIQUE INDEX "verifier_tests_run_id_key" ON "verifier_tests"("run_id");
CREATE INDEX "verifier_tests_started_at_idx" ON "verifier_tests"("started_at" DESC);
