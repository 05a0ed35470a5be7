/** What an address such as `smtps://user:${SMTP_PASSWORD}@mail.example.com:465` says; `${NAME}` stays as written. */
export interface MailUrl {
  /** TLS from the first byte. */
  isSecure: boolean;
  host: string;
  port: number;
  user: string | null;
  password: string | null;
}

const MAIL_URL = /^(smtps?):\/\/(?:([^:@/\s]+)(?::([^@/\s]*))?@)?(\[[0-9a-f:.]+\]|[^:@/?#\s[\]]+)(?::(\d{1,5}))?\/?$/i;

/** Reads the address of a mail server; user and password may be percent-encoded. null: it is not one. */
export function parseMailUrl(text: string): MailUrl | null {
  const [, scheme, user, password, host, port] = MAIL_URL.exec(text) ?? [];
  if (scheme === undefined || host === undefined) return null;
  const isSecure = scheme.toLowerCase() === "smtps";
  const number = port === undefined ? (isSecure ? 465 : 25) : Number(port);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) return null;
  try {
    return {
      isSecure,
      host: host.replace(/^\[|\]$/g, ""),
      port: number,
      user: user === undefined ? null : decodeURIComponent(user),
      password: password === undefined ? null : decodeURIComponent(password),
    };
  } catch {
    return null; // a broken percent-encoding throws: that is the answer
  }
}
