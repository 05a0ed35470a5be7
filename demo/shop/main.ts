import { readShopSettings } from "./settings";
import { serveShop } from "./serve-shop";

/* The shop's process: `node --import tsx demo/shop/main.ts SETTINGS_FILE`. */
const [settingsFile] = process.argv.slice(2);
if (!settingsFile) throw new Error("usage: main.ts SETTINGS_FILE");

const shop = await serveShop(readShopSettings(settingsFile));
process.stdout.write("the shop is open\n");

const stop = () => {
  // Keep-alive connections of clients may stay open: what was asked is answered, then the process ends.
  setTimeout(() => process.exit(0), 2_000).unref();
  void shop.close().then(() => process.exit(0));
};
process.once("SIGTERM", stop);
process.once("SIGINT", stop);
