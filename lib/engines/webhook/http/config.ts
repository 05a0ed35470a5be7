import type { Secret } from "@/lib/kernel/secret";

export interface WebhookConfig {
  /** May hold a token: it is never shown. */
  url: Secret;
  secret: Secret;
  timeoutMs?: number | undefined;
}
