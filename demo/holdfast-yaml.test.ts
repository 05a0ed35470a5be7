import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { Configuration, type FilesDeclaration, isBackedUp, secretsSystemOf } from "@/lib/settings/schemas";
import { type EstateFacts, printEstate, TREES, VARIABLES } from "./holdfast-yaml";

const s3 = (port: number) => ({
  endpoint: `http://127.0.0.1:${port}`,
  region: "us-east-1",
  bucket: "holdfast-primary",
});
const facts: EstateFacts = {
  databasePort: 5_100,
  databaseDirectory: "/var/tmp/estate/primary/db",
  platform: { application: "/srv/application", uploads: "/srv/uploads", logs: "/srv/logs" },
  shopUrl: "http://127.0.0.1:5101",
  recipients: [`age1${"q".repeat(58)}`, `age1${"p".repeat(58)}`],
  mailPort: 5_104,
  identityFile: "/var/tmp/estate/keys/runner.txt",
  stores: { kind: "s3", primary: s3(5_102), dr: s3(5_103) },
};
const configuration = Configuration.parse(parse(printEstate(facts)));

describe("the estate's configuration", () => {
  it("is one that the console accepts, with stores and with directories in their place", () => {
    expect(configuration.repositories.secondary).toMatchObject({
      kind: "s3",
      site: "dr",
      endpoint: "http://127.0.0.1:5103",
    });
    const fallback = { ...facts, stores: { kind: "directory", primary: "/var/tmp/a", dr: "/var/tmp/b" } } as const;
    expect(Configuration.parse(parse(printEstate(fallback))).repositories.secondary).toEqual({
      kind: "directory",
      site: "dr",
      path: "/var/tmp/b",
    });
  });

  it("declares the standard's six systems with the targets of its Business Impact Analysis", () => {
    const targets = Object.entries(configuration.systems).map(([name, system]) => [
      name,
      system.impact,
      system.rto / 3_600,
      system.rpo === null ? null : system.rpo / 3_600,
    ]);
    expect(targets.slice(0, 6)).toEqual([
      ["database", "critical", 2, 0.25],
      ["application-servers", "critical", 4, 1],
      ["file-storage", "high", 6, 1],
      ["cache", "medium", 8, null],
      ["queue", "medium", 4, 1],
      ["static-assets", "low", 24, 24],
    ]);
  });

  it("backs up what is not in the database too: files, code, logs, configuration and, encrypted, the secrets", () => {
    const kept = Object.entries(configuration.systems).filter(([, system]) => isBackedUp(system));
    expect(kept.map(([name]) => name).sort()).toEqual(["database", ...TREES].sort());
    expect(configuration.systems["application-servers"]).toMatchObject({ kind: "git", path: "/srv/application" });
    expect(configuration.systems.secrets).toMatchObject({ secrets: true, include: [".env"] });
    expect(secretsSystemOf(configuration, "database")).toBe("secrets");
  });

  it("can meet the loss that each system may have by its own schedule", () => {
    const { backup } = configuration.systems["file-storage"] as FilesDeclaration;
    expect(backup.incremental?.schedule).toBe("0 * * * *");
    expect(configuration.systems["application-logs"]).toMatchObject({
      rpo: 900,
      backup: { log: { to: ["primary", "secondary"] } },
    });
  });

  it("sends its alerts to the mailbox, and declares no channel where there is none", () => {
    expect(configuration.channels.mail).toMatchObject({ kind: "smtp", url: "smtp://127.0.0.1:5104" });
    expect(Configuration.parse(parse(printEstate({ ...facts, mailPort: null }))).channels).toEqual({});
  });

  it("ships the log to both repositories every 5 s and beats every 250 ms", () => {
    expect(configuration.systems.database).toMatchObject({
      heartbeat: 250,
      backup: { log: { to: ["primary", "secondary"], stream: true, interval: 5 } },
    });
  });

  it("lets the recovered server take the primary's declared address and directory, in live runs alone", () => {
    const { database } = configuration.systems;
    const target = configuration.targets["primary-replacement"];
    expect(database?.kind === "mariadb" && database.connection).toEqual(target?.connection);
    expect(target).toMatchObject({ directory: facts.databaseDirectory, allow: ["live"] });
  });

  it("names every secret by a variable and holds none", () => {
    const text = printEstate(facts);
    for (const name of Object.values(VARIABLES)) expect(text).toContain(`\${${name}}`);
    expect(text.match(/(password|secretAccessKey|accessKeyId): (?!\$\{)/g)).toBeNull();
  });
});
