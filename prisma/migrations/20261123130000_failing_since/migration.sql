-- When an outage was detected: the first failed probe since one that did not fail.
ALTER TABLE "systems" ADD COLUMN "failing_since" TIMESTAMPTZ(3);
