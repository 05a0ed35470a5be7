-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "users" (
    "id" UUID NOT NULL,
    "msp_id" TEXT NOT NULL DEFAULT 'default',
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "password_hash" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "disabled_at" TIMESTAMPTZ(3),
    "sessions_from" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "configurations" (
    "version" SERIAL NOT NULL,
    "document" JSONB NOT NULL,
    "digest" TEXT NOT NULL,
    "applied_at" TIMESTAMPTZ(3) NOT NULL,
    "applied_by" TEXT NOT NULL,

    CONSTRAINT "configurations_pkey" PRIMARY KEY ("version")
);

-- CreateTable
CREATE TABLE "systems" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "impact" TEXT NOT NULL,
    "owner" TEXT,
    "deputy" TEXT,
    "rto_target_seconds" INTEGER NOT NULL,
    "rpo_target_seconds" INTEGER,
    "position" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "removed_at" TIMESTAMPTZ(3),
    "heartbeat_seq" BIGINT,
    "heartbeat_at" TIMESTAMPTZ(6),
    "probed_at" TIMESTAMPTZ(3),
    "probe_error" TEXT,

    CONSTRAINT "systems_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "repositories" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "location" TEXT NOT NULL,
    "identity" TEXT,
    "checked_at" TIMESTAMPTZ(3),
    "check_error" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "removed_at" TIMESTAMPTZ(3),

    CONSTRAINT "repositories_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "backups" (
    "id" UUID NOT NULL,
    "system_id" UUID NOT NULL,
    "run_id" UUID,
    "type" TEXT NOT NULL,
    "method" TEXT NOT NULL,
    "cut_id" UUID,
    "parent_id" UUID,
    "state" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "size_bytes" BIGINT,
    "position" JSONB,
    "server_id" TEXT,
    "incarnation" TEXT,
    "lossy" JSONB NOT NULL DEFAULT '[]',
    "manifest" JSONB,
    "error" TEXT,

    CONSTRAINT "backups_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "backup_copies" (
    "backup_id" UUID NOT NULL,
    "repository_id" UUID NOT NULL,
    "state" TEXT NOT NULL,
    "sha256" TEXT,
    "size_bytes" BIGINT,
    "locked_until" TIMESTAMPTZ(3),
    "checked_at" TIMESTAMPTZ(3),
    "error" TEXT,

    CONSTRAINT "backup_copies_pkey" PRIMARY KEY ("backup_id","repository_id")
);

-- CreateTable
CREATE TABLE "log_coverages" (
    "system_id" UUID NOT NULL,
    "repository_id" UUID NOT NULL,
    "server_id" TEXT NOT NULL,
    "incarnation" TEXT NOT NULL,
    "file" TEXT NOT NULL,
    "start_offset" BIGINT NOT NULL,
    "end_offset" BIGINT NOT NULL,
    "stored_bytes" BIGINT NOT NULL DEFAULT 0,
    "segments" INTEGER NOT NULL DEFAULT 0,
    "first_gtid" TEXT,
    "last_gtid" TEXT,
    "first_at" TIMESTAMPTZ(6),
    "heartbeat_at" TIMESTAMPTZ(6),
    "last_at" TIMESTAMPTZ(6),
    "closed_at" TIMESTAMPTZ(3),
    "compacted_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "log_coverages_pkey" PRIMARY KEY ("system_id","repository_id","server_id","incarnation","file")
);

-- CreateTable
CREATE TABLE "log_gaps" (
    "id" UUID NOT NULL,
    "system_id" UUID NOT NULL,
    "server_id" TEXT NOT NULL,
    "incarnation" TEXT NOT NULL,
    "file" TEXT NOT NULL,
    "from_at" TIMESTAMPTZ(6),
    "to_at" TIMESTAMPTZ(6),
    "reason" TEXT NOT NULL,
    "detected_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "log_gaps_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "verifications" (
    "id" UUID NOT NULL,
    "system_id" UUID NOT NULL,
    "backup_id" UUID NOT NULL,
    "run_id" UUID,
    "repository_name" TEXT,
    "level" TEXT NOT NULL,
    "verdict" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "details" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "verifications_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "runs" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "system_id" UUID,
    "backup_id" UUID,
    "runbook" TEXT,
    "runbook_version" INTEGER,
    "mode" TEXT,
    "title" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "parameters" JSONB NOT NULL DEFAULT '{}',
    "result" JSONB,
    "reason" TEXT,
    "started_by" TEXT NOT NULL,
    "started_by_label" TEXT NOT NULL,
    "runner" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "disruption_at" TIMESTAMPTZ(6),
    "stated_disruption_at" TIMESTAMPTZ(6),
    "clocks" JSONB NOT NULL DEFAULT '{}',
    "rto_actual_ms" BIGINT,
    "rpo_actual_ms" BIGINT,
    "error_code" TEXT,
    "error_message" TEXT,
    "error_hint" TEXT,
    "queued_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "heartbeat_at" TIMESTAMPTZ(3),
    "abort_requested_at" TIMESTAMPTZ(3),
    "abort_requested_by" TEXT,

    CONSTRAINT "runs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "run_steps" (
    "id" UUID NOT NULL,
    "run_id" UUID NOT NULL,
    "index" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "owner" TEXT,
    "state" TEXT NOT NULL,
    "estimate_seconds" INTEGER,
    "exercised" BOOLEAN NOT NULL DEFAULT true,
    "repeatable" BOOLEAN NOT NULL DEFAULT true,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "started_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "progress" JSONB,
    "outcome" JSONB,
    "error" TEXT,

    CONSTRAINT "run_steps_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "run_logs" (
    "id" BIGSERIAL NOT NULL,
    "run_id" UUID NOT NULL,
    "step_key" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "level" TEXT NOT NULL,
    "message" TEXT NOT NULL,

    CONSTRAINT "run_logs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "slots" (
    "system_id" UUID NOT NULL,
    "type" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "state" TEXT NOT NULL,
    "run_id" UUID,
    "claimed_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "slots_pkey" PRIMARY KEY ("system_id","type","due_at")
);

-- CreateTable
CREATE TABLE "drill_tasks" (
    "id" UUID NOT NULL,
    "requirement" TEXT NOT NULL,
    "cadence" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "done_at" TIMESTAMPTZ(3),
    "done_by" TEXT,
    "done_by_label" TEXT,
    "note" TEXT,
    "evidence_run_id" UUID,
    "signed_at" TIMESTAMPTZ(3),
    "signed_by" TEXT,
    "signed_by_label" TEXT,

    CONSTRAINT "drill_tasks_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "runners" (
    "id" UUID NOT NULL,
    "site" TEXT NOT NULL,
    "labels" JSONB NOT NULL DEFAULT '[]',
    "host" TEXT NOT NULL,
    "pid" INTEGER NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "heartbeat_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "runners_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_events" (
    "id" UUID NOT NULL,
    "msp_id" TEXT NOT NULL DEFAULT 'default',
    "action" TEXT NOT NULL,
    "severity" TEXT NOT NULL,
    "retention_class" TEXT NOT NULL,
    "actor_kind" TEXT NOT NULL,
    "actor_id" TEXT NOT NULL,
    "performed_by" TEXT NOT NULL,
    "entity_type" TEXT NOT NULL,
    "entity_id" TEXT,
    "correlation_id" TEXT,
    "ip_address" TEXT,
    "user_agent" TEXT,
    "changes" JSONB,
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "audit_events_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "users_email_key" ON "users"("email");

-- CreateIndex
CREATE UNIQUE INDEX "systems_name_key" ON "systems"("name");

-- CreateIndex
CREATE UNIQUE INDEX "repositories_name_key" ON "repositories"("name");

-- CreateIndex
CREATE INDEX "backups_system_id_started_at_idx" ON "backups"("system_id", "started_at" DESC);

-- CreateIndex
CREATE INDEX "log_gaps_system_id_detected_at_idx" ON "log_gaps"("system_id", "detected_at");

-- CreateIndex
CREATE INDEX "verifications_system_id_at_idx" ON "verifications"("system_id", "at" DESC);

-- CreateIndex
CREATE INDEX "verifications_backup_id_at_idx" ON "verifications"("backup_id", "at" DESC);

-- CreateIndex
CREATE INDEX "runs_kind_queued_at_idx" ON "runs"("kind", "queued_at" DESC);

-- CreateIndex
CREATE INDEX "runs_system_id_queued_at_idx" ON "runs"("system_id", "queued_at" DESC);

-- CreateIndex
CREATE INDEX "runs_state_idx" ON "runs"("state");

-- CreateIndex
CREATE UNIQUE INDEX "run_steps_run_id_index_key" ON "run_steps"("run_id", "index");

-- CreateIndex
CREATE INDEX "run_logs_run_id_id_idx" ON "run_logs"("run_id", "id");

-- CreateIndex
CREATE INDEX "slots_state_idx" ON "slots"("state");

-- CreateIndex
CREATE INDEX "drill_tasks_period_idx" ON "drill_tasks"("period");

-- CreateIndex
CREATE UNIQUE INDEX "drill_tasks_requirement_period_key" ON "drill_tasks"("requirement", "period");

-- CreateIndex
CREATE INDEX "audit_events_msp_id_received_at_id_idx" ON "audit_events"("msp_id", "received_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "audit_events_actor_id_received_at_idx" ON "audit_events"("actor_id", "received_at" DESC);

-- CreateIndex
CREATE INDEX "audit_events_entity_type_entity_id_received_at_idx" ON "audit_events"("entity_type", "entity_id", "received_at" DESC);

-- CreateIndex
CREATE INDEX "audit_events_action_received_at_idx" ON "audit_events"("action", "received_at" DESC);

-- CreateIndex
CREATE INDEX "audit_events_severity_received_at_idx" ON "audit_events"("severity", "received_at" DESC);

-- AddForeignKey
ALTER TABLE "backups" ADD CONSTRAINT "backups_system_id_fkey" FOREIGN KEY ("system_id") REFERENCES "systems"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "backup_copies" ADD CONSTRAINT "backup_copies_backup_id_fkey" FOREIGN KEY ("backup_id") REFERENCES "backups"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "backup_copies" ADD CONSTRAINT "backup_copies_repository_id_fkey" FOREIGN KEY ("repository_id") REFERENCES "repositories"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "log_coverages" ADD CONSTRAINT "log_coverages_system_id_fkey" FOREIGN KEY ("system_id") REFERENCES "systems"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "log_coverages" ADD CONSTRAINT "log_coverages_repository_id_fkey" FOREIGN KEY ("repository_id") REFERENCES "repositories"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "verifications" ADD CONSTRAINT "verifications_system_id_fkey" FOREIGN KEY ("system_id") REFERENCES "systems"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "verifications" ADD CONSTRAINT "verifications_backup_id_fkey" FOREIGN KEY ("backup_id") REFERENCES "backups"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "runs" ADD CONSTRAINT "runs_system_id_fkey" FOREIGN KEY ("system_id") REFERENCES "systems"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run_steps" ADD CONSTRAINT "run_steps_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run_logs" ADD CONSTRAINT "run_logs_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "slots" ADD CONSTRAINT "slots_system_id_fkey" FOREIGN KEY ("system_id") REFERENCES "systems"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
