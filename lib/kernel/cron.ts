import { CronExpressionParser } from "cron-parser";

/** The next times of a five-field cron expression after an instant, in UTC: neither DST nor the machine's zone matters. */
export function nextTimes(expression: string, after: Date, count: number): Date[] {
  const times = CronExpressionParser.parse(expression, { currentDate: after, tz: "UTC" });
  return Array.from({ length: count }, () => times.next().toDate());
}

/** The newest time of a cron expression at or before an instant. */
export function previousTime(expression: string, at: Date): Date {
  const times = CronExpressionParser.parse(expression, { currentDate: new Date(at.getTime() + 1), tz: "UTC" });
  return times.prev().toDate();
}

/** `H` of the parser's own dialect: another random time at each reading. */
const RANDOM_FIELD = /(^|[\s,])H/i;

/** Whether it is a valid five-field expression. */
export function isCronExpression(expression: string): boolean {
  if (RANDOM_FIELD.test(expression)) return false;
  try {
    CronExpressionParser.parse(expression, { tz: "UTC" });
    return expression.trim().split(/\s+/).length === 5;
  } catch {
    return false; // the parser's error is the answer
  }
}
