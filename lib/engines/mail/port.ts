/** One mail to one person, as plain text. */
export interface MailMessage {
  /** Without angle brackets, with a domain. The same message sent again keeps it, so that a reader's program sees one. */
  messageId: string;
  from: string;
  to: string;
  subject: string;
  text: string;
}

/**
 * Hands mail to a server. Resolves only when the server took the message for its recipient, with the words it said.
 * Rejects only with EngineError, `permanent` when the server would refuse the same mail again; or with CancelledError
 * once `signal` is aborted. Gives up on a server that does not answer. Neither answer nor error holds a secret.
 */
export interface Mailer {
  send(message: MailMessage, options: { signal: AbortSignal }): Promise<{ answer: string }>;
}
