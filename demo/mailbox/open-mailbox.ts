import { mkdir, rename, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { SMTPServer } from "smtp-server";
import { newId } from "@/lib/kernel/ids";

export interface Mailbox {
  port: number;
  close(): Promise<void>;
}

/** An alert is some hundred bytes; more than this is none. */
const MAIL_BYTES_MAX = 1_024 * 1_024;

/**
 * A mail server on loopback that takes mail for everybody and hands it on to nobody: each mail is a file, named so that
 * the newest sorts last. It says that it took a mail only when the file is there.
 * @throws Error when the port is taken
 */
export async function openMailbox({ port, directory }: { port: number; directory: string }): Promise<Mailbox> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const keep = async (source: Buffer): Promise<void> => {
    const name = `${newId()}.eml`;
    await writeFile(join(directory, `.${name}`), source, { mode: 0o600 });
    await rename(join(directory, `.${name}`), join(directory, name));
  };
  const server = new SMTPServer({
    logger: false,
    // Loopback alone, and nobody's mail: there is nothing to protect with a certificate that nobody could check.
    disabledCommands: ["AUTH", "STARTTLS"],
    size: MAIL_BYTES_MAX,
    onData: (stream, _session, answer) => {
      buffer(stream)
        .then((source) => (stream.sizeExceeded ? Promise.reject(tooLarge()) : keep(source)))
        .then(
          () => answer(null, "kept"),
          (error: unknown) => answer(error instanceof Error ? error : new Error(String(error))),
        );
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      // A client that leaves in the middle is no failure of the mailbox.
      server.on("error", () => undefined);
      resolve();
    });
  });
  return {
    port: (server.server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function tooLarge(): Error {
  return Object.assign(new Error("the mail is larger than 1 MiB"), { responseCode: 552 });
}
