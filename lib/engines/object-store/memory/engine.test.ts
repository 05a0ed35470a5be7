import { describeObjectStoreContract } from "../contract";
import { openMemoryStore } from "./engine";

describeObjectStoreContract("memory", async () => ({
  store: openMemoryStore(),
  leaveUnfinished: null,
  countUnfinished: async () => 0,
  close: async () => undefined,
}));
