/** The verifier itself is tried before the weekly proofs that rely on it; five cron fields, in UTC. */
export const SELF_TEST_SCHEDULE = "30 3 * * 0";
