import { mkdir, rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withSession } from "@/lib/engines/database/mariadb/connect";
import { type MariadbServer, startMariadbServer } from "./start-mariadb-server";

const directory = `/var/tmp/hf-source-${process.pid}`;
const signal = new AbortController().signal;
let server: MariadbServer;

beforeAll(async () => {
  await mkdir(directory, { recursive: true });
  server = await startMariadbServer({ directory, serverId: 7, binlog: true });
}, 60_000);

afterAll(async () => {
  try {
    await server.kill();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

describe("a source server", () => {
  test("writes a ROW log with GTIDs under its own server id", async () => {
    const [row] = await server.run(
      "SELECT @@server_id AS id, @@binlog_format AS format, @@log_bin AS log, @@binlog_row_image AS image",
    );
    expect(row).toEqual({ id: "7", format: "ROW", log: "1", image: "FULL" });
  });

  test("lets root in by its password alone, from localhost alone", async () => {
    const accounts = await server.run(
      "SELECT User, Host, JSON_VALUE(Priv, '$.authentication_string') AS hash FROM mysql.global_priv WHERE User NOT IN ('mariadb.sys')",
    );
    expect(accounts.filter((row) => row.User === "root").map((row) => row.Host)).toEqual(["localhost"]);
    expect(accounts.every((row) => String(row.hash).startsWith("*"))).toBe(true);
  });

  test("lets Holdfast's account in by socket and by TCP", async () => {
    const { socket, ...byTcp } = server.holdfast;
    expect(socket).toBe(server.socket);
    for (const connection of [server.holdfast, byTcp]) {
      const [row] = await withSession(connection, { signal }, (session) =>
        session.rows("ask", "SELECT CURRENT_USER() AS me"),
      );
      expect(row?.me).toMatch(/^holdfast@/);
    }
  });

  test("keeps what was committed over a kill -9 and a second start", async () => {
    await server.run(
      "CREATE DATABASE kept",
      "CREATE TABLE kept.t (id INT PRIMARY KEY)",
      "INSERT INTO kept.t VALUES (1)",
    );
    const first = server.pid;
    await server.kill();
    await server.restart();
    expect(server.pid).not.toBe(first);
    expect(await server.run("SELECT id FROM kept.t")).toEqual([{ id: "1" }]);
  });
});
