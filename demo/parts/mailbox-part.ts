import { mkdirSync } from "node:fs";
import { connect } from "node:net";
import type { Layout } from "./layout";
import type { Part } from "./part";
import { createProgram } from "./program-part";

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", timeout: 1_000 });
    const say = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once("connect", () => say(true));
    socket.once("error", () => say(false));
    socket.once("timeout", () => say(false));
  });
}

/** Where the estate's alerts arrive. It stands outside of every site: it must hear of a site's loss. */
export function createMailboxPart(layout: Layout, port: number): Part {
  const { mailbox } = layout;
  const program = createProgram({
    name: "mailbox",
    script: "demo/mailbox/main.ts",
    args: [String(port), mailbox.directory],
    pidFile: mailbox.pidFile,
    logFile: mailbox.logFile,
    isReady: () => takesConnections(port),
  });
  return {
    ...program,
    name: "mailbox",
    start: async () => {
      mkdirSync(mailbox.directory, { recursive: true, mode: 0o700 });
      await program.start();
    },
  };
}
