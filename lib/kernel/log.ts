import pino from "pino";

export type Logger = pino.Logger;

/** The one root logger. It writes to stderr, so that stdout stays the command line's answer. */
export function createLogger(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: ["password", "*.password", "secretAccessKey", "*.secretAccessKey", "authorization", "*.authorization"],
        censor: "[secret]",
      },
    },
    pino.destination({ fd: 2, sync: true }),
  );
}
