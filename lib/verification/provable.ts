/** Backups that can be proven by themselves. A logical incremental only names logs, which a replay from its full proves. */
export const PROVABLE = {
  OR: [{ type: "full" }, { type: "incremental", method: "physical" }],
};
