import type { Mailer } from "@/lib/engines/mail/port";
import { createSmtpMailer } from "@/lib/engines/mail/smtp/engine";
import { createWebhook } from "@/lib/engines/webhook/http/engine";
import type { Webhook } from "@/lib/engines/webhook/port";
import { readVariable } from "@/lib/kernel/env";
import { NotFoundError, PreconditionError } from "@/lib/kernel/errors";
import { Secret } from "@/lib/kernel/secret";
import { parseMailUrl, resolveVariables } from "@/lib/settings";
import type { ChannelDeclaration } from "@/lib/settings/schemas";

const resolve = (text: string): string => resolveVariables(text, readVariable);

/** The mail server behind a channel, with the secrets of this process's environment. */
export function openMailer(name: string, declaration: ChannelDeclaration | undefined): Mailer {
  if (declaration?.kind !== "smtp") throw new NotFoundError("mail channel", name);
  // Parsed as it is declared: a password with an @ in it must not become part of the host.
  const isDeclared = parseMailUrl(declaration.url) !== null;
  const url = parseMailUrl(isDeclared ? declaration.url : resolve(declaration.url));
  if (!url) {
    throw new PreconditionError(`the channel "${name}" has no address of a mail server`, {
      hint: `Does ${declaration.url} hold one such as smtp://user:password@mail.example.com:587?`,
    });
  }
  const read = (text: string): string => (isDeclared ? resolve(text) : text);
  return createSmtpMailer({
    host: read(url.host),
    port: url.port,
    isSecure: url.isSecure,
    isTlsRequired: declaration.tls === "required",
    ...(url.user === null ? {} : { user: read(url.user) }),
    ...(url.password === null ? {} : { password: new Secret(read(url.password)) }),
  });
}

/** The receiver behind a channel, with the secrets of this process's environment. */
export function openWebhook(name: string, declaration: ChannelDeclaration | undefined): Webhook {
  if (declaration?.kind !== "webhook") throw new NotFoundError("webhook channel", name);
  return createWebhook({ url: new Secret(resolve(declaration.url)), secret: new Secret(resolve(declaration.secret)) });
}
