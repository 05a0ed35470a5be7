import { openMailbox } from "./open-mailbox";

/* The mailbox's process: `node --import tsx demo/mailbox/main.ts PORT DIRECTORY`. */
const [port, directory] = process.argv.slice(2);
if (!port || !directory) throw new Error("usage: main.ts PORT DIRECTORY");

const mailbox = await openMailbox({ port: Number(port), directory });
process.stdout.write("the mailbox takes mail\n");

const stop = () => void mailbox.close().then(() => process.exit(0));
process.once("SIGTERM", stop);
process.once("SIGINT", stop);
