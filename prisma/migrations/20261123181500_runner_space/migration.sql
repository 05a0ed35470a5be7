-- Room where a runner makes throw-away servers, as it last saw it: the console shows it before a restore is started.
ALTER TABLE "runners" ADD COLUMN "free_bytes" BIGINT;
ALTER TABLE "runners" ADD COLUMN "free_at" TIMESTAMPTZ(3);
