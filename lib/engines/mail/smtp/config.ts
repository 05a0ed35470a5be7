import type { Secret } from "@/lib/kernel/secret";

export interface SmtpConfig {
  host: string;
  port: number;
  /** TLS from the first byte. */
  isSecure: boolean;
  /** Nothing is sent without TLS. */
  isTlsRequired: boolean;
  user?: string | undefined;
  password?: Secret | undefined;
  /** How long each wait for the server may last. */
  timeoutMs?: number | undefined;
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/i;

/** This machine's own relay: what passes there passes no wire, and its certificate is usually nobody's. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}
