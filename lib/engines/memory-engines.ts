import { newSigningKey, signBytes } from "@/lib/kernel/crypto";
import { NotFoundError } from "@/lib/kernel/errors";
import { Secret } from "@/lib/kernel/secret";
import { type MemoryApplications, openMemoryApplications } from "./application/memory/engine";
import { MemoryCode } from "./code/memory/engine";
import { MemoryDatabase } from "./database/memory/engine";
import { createMemoryEnvelope } from "./envelope/memory/engine";
import { MemoryFiles } from "./files/memory/engine";
import { MemoryMailer } from "./mail/memory/engine";
import { openMemoryStore } from "./object-store/memory/engine";
import type { ObjectStore } from "./object-store/port";
import type { Engines } from "./ports";
import type { HttpProbe } from "./probe/port";
import type { Signer } from "./signer/port";
import { MemoryWebhook } from "./webhook/memory/engine";

/** Every door to the outside, for tests: all of it lives in this process, and a test may put another thing behind a door. */
export interface MemoryEngines extends Engines {
  stores: Map<string, ObjectStore>;
  mariadb: MemoryDatabase;
  files: MemoryFiles;
  code: MemoryCode;
  probe: HttpProbe;
  applications: MemoryApplications;
  /** Behind every channel of its kind. */
  mail: MemoryMailer;
  hook: MemoryWebhook;
}

/** @param repositories each gets a store of its own, empty */
export function openMemoryEngines(options: { now: () => Date; repositories?: readonly string[] }): MemoryEngines {
  const { now, repositories = ["primary", "secondary"] } = options;
  const stores = new Map(repositories.map((name) => [name, openMemoryStore()]));
  const mariadb = new MemoryDatabase(now);
  const mail = new MemoryMailer();
  const hook = new MemoryWebhook();
  return {
    stores,
    mariadb,
    mail,
    hook,
    mailer: () => Promise.resolve(mail),
    webhook: () => Promise.resolve(hook),
    store: (name) => {
      const store = stores.get(name);
      return store ? Promise.resolve(store) : Promise.reject(new NotFoundError("repository", name));
    },
    database: () => Promise.resolve(mariadb),
    files: new MemoryFiles(),
    code: new MemoryCode(),
    connection: ({ password, ...declared }) => ({ ...declared, password: new Secret(password) }),
    envelope: createMemoryEnvelope(),
    probe: { ask: ({ status }) => Promise.resolve({ status, ok: true, durationMs: 1 }) },
    applications: openMemoryApplications(),
    makePractice: () => Promise.reject(new Error("a test that needs a practice estate brings its own")),
    signer: newMemorySigner(),
    directories: { spool: "/memory/spool", scratch: "/memory/s" },
    restoreScript: "#!/bin/sh\n",
  };
}

/** Another installation's signer. */
export function newMemorySigner(): Signer {
  const { privatePem, publicPem } = newSigningKey();
  return { publicPem, sign: (data) => signBytes(privatePem, data) };
}
