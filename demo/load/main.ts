import { renameSync, writeFileSync } from "node:fs";
import { generateOrders } from "./generate-orders";
import { openJournal } from "./journal";

/* The load's process: `node --import tsx demo/load/main.ts SHOP_URL ORDERS_PER_SECOND JOURNAL STATUS_FILE`.
   It writes its counts into the status file once a second. */
const [shopUrl, rate, journalFile, statusFile] = process.argv.slice(2);
if (!shopUrl || !rate || !journalFile || !statusFile) {
  throw new Error("usage: main.ts SHOP_URL ORDERS_PER_SECOND JOURNAL STATUS_FILE");
}

const journal = openJournal(journalFile);
const load = generateOrders({ shopUrl, ordersPerSecond: Number(rate), journal });

const report = () => {
  writeFileSync(`${statusFile}.new`, JSON.stringify(load.counts()));
  renameSync(`${statusFile}.new`, statusFile);
};
report();
const timer = setInterval(report, 1_000);

const stop = () => {
  clearInterval(timer);
  void load.stop().then(() => {
    report();
    journal.close();
    process.exit(0);
  });
};
process.once("SIGTERM", stop);
process.once("SIGINT", stop);
