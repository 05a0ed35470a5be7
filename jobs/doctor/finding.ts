import { summarizeError } from "@/lib/kernel/errors";

export interface Finding {
  /** What was looked at: `program age`, `database connection`, `repository primary`. */
  name: string;
  verdict: "ok" | "warn" | "fail";
  message: string;
  /** What to do about it; null when it is ok. */
  fix: string | null;
}

export const ok = (name: string, message: string): Finding => ({ name, verdict: "ok", message, fix: null });
export const warn = (name: string, message: string, fix: string): Finding => ({ name, verdict: "warn", message, fix });
export const fail = (name: string, message: string, fix: string): Finding => ({ name, verdict: "fail", message, fix });

/** A look that cannot be carried out is a failure of what it looks at. */
export async function look(name: string, work: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await work();
  } catch (error) {
    const { message, hint } = summarizeError(error);
    return [fail(name, message, hint ?? "Look at the log of this command.")];
  }
}
