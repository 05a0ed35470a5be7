import { type SMTPTransportOptions, createTransport } from "nodemailer";
import { CancelledError } from "@/lib/kernel/errors";
import type { MailMessage, Mailer } from "../port";
import { type SmtpConfig, isLoopback } from "./config";
import { oneLine, toMailError } from "./map";

const TIMEOUT_MS = 15_000;

/** A mailer for one SMTP server (nodemailer). Each mail has a connection of its own: alerts are rare. */
export function createSmtpMailer(config: SmtpConfig): Mailer {
  const transport = createTransport(optionsOf(config));
  const server = `${config.host}:${config.port}`;
  return {
    send: async (message, { signal }) => {
      if (signal.aborted) throw new CancelledError("stopped before the mail was sent");
      try {
        const { response } = await transport.sendMail({ ...toMail(message), signal });
        return { answer: oneLine(response) };
      } catch (error) {
        if (signal.aborted) throw new CancelledError("stopped while the mail was sent");
        throw toMailError(error, server);
      }
    },
  };
}

function optionsOf(config: SmtpConfig): SMTPTransportOptions {
  const { host, port, isSecure, user, password, timeoutMs = TIMEOUT_MS } = config;
  const isLocal = isLoopback(host);
  const requireTLS = config.isTlsRequired || (password !== undefined && !isLocal);
  return {
    host,
    port,
    secure: isSecure,
    requireTLS: requireTLS && !isSecure,
    ignoreTLS: isLocal,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(user === undefined ? {} : { auth: { user, pass: password?.reveal() ?? "" } }),
  };
}

function toMail({ messageId, from, to, subject, text }: MailMessage) {
  return {
    messageId: `<${messageId}>`,
    from: { name: "Holdfast", address: from },
    to: { name: "", address: to },
    subject,
    text,
    // No answers of absence, no answers of machines (RFC 3834).
    headers: { "Auto-Submitted": "auto-generated" },
  };
}
