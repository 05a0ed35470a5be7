import { z } from "zod";
import { parseMailUrl } from "./mail-url";
import { secretReference } from "./secret-reference";

const REFERENCE = /^\$\{[A-Z_][A-Z0-9_]*\}$/;

const mailUrl = z.string().superRefine((text, ctx) => {
  if (REFERENCE.test(text)) return;
  const url = parseMailUrl(text);
  if (!url) {
    ctx.addIssue({ code: "custom", message: "expected an address such as smtp://mail.example.com:587, or ${NAME}" });
    return;
  }
  if (url.password !== null && !REFERENCE.test(url.password)) {
    ctx.addIssue({ code: "custom", message: "expected the password as ${NAME}: a secret never stands in this file" });
  }
});

function isPlainHttp(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
}

/** Where alerts go. `${NAME}` may stand for a whole address: that of a webhook is often a secret itself. */
export const ChannelDeclaration = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("smtp"),
    url: mailUrl,
    /** Beside them the system's owner and deputy; the project's contact when there is nobody else. */
    to: z.array(z.email()).default([]),
    /** The sender; the project's contact unless told. */
    from: z.email().optional(),
    /** `required`: nothing is sent without TLS. A password never is, except to this machine itself. */
    tls: z.enum(["required", "offered"]).default("offered"),
  }),
  z.strictObject({
    kind: z.literal("webhook"),
    url: z
      .string()
      .refine(
        (text) => REFERENCE.test(text) || isPlainHttp(text),
        "expected http:// or https:// without user and password, or ${NAME}",
      ),
    /** Signs what is sent. */
    secret: secretReference,
  }),
]);
export type ChannelDeclaration = z.infer<typeof ChannelDeclaration>;
