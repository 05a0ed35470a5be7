import type { Connection } from "../port";
import { type Session, textOf, withSession } from "./connect";
import { quoteName } from "./server/initialize-data-directory";
import { listSchemas } from "./schemas";

export interface CheckedTables {
  checked: number;
  broken: { table: string; message: string }[];
}

/** What CHECK TABLE says of a table; `unable`: its engine knows no check. */
type Verdict = { kind: "well" | "unable" } | { kind: "broken"; message: string };

/** Reads CHECK TABLE's answer. A warning counts as much as an error: a well table has neither. */
export function judgeCheck(rows: readonly { type: string; text: string }[]): Verdict {
  const wrong = rows.filter(({ type }) => type === "error" || type === "warning");
  const last = rows.at(-1);
  if (wrong.length === 0 && last?.type === "status" && last.text === "OK") return { kind: "well" };
  if (wrong.length === 0 && last?.type === "note" && last.text.includes("doesn't support check"))
    return { kind: "unable" };
  const words = (wrong.length > 0 ? wrong : rows).map(({ text }) => text).join("; ");
  return { kind: "broken", message: (words || "the server said nothing").slice(0, 300) };
}

async function checkTable(session: Session, schema: string, name: string): Promise<Verdict> {
  const rows = await session.rows("check a table", `CHECK TABLE ${quoteName(schema)}.${quoteName(name)}`);
  return judgeCheck(
    rows.map((row) => ({ type: (textOf(row, "Msg_type") ?? "").toLowerCase(), text: textOf(row, "Msg_text") ?? "" })),
  );
}

/** CHECK TABLE of every table and view of the applications and of the server's own. */
export async function checkTables(target: Connection, signal: AbortSignal): Promise<CheckedTables> {
  return withSession(target, { signal, queryTimeoutMs: 0 }, async (session) => {
    const schemas = ["mysql", ...(await listSchemas(session))];
    const broken: CheckedTables["broken"] = [];
    let checked = 0;
    for (const schema of schemas) {
      const tables = await session.rows(
        "list the tables",
        "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = ? ORDER BY 1",
        [schema],
      );
      for (const table of tables) {
        const name = textOf(table, "name") ?? "";
        const verdict = await checkTable(session, schema, name);
        if (verdict.kind !== "unable") checked += 1;
        if (verdict.kind === "broken") broken.push({ table: `${schema}.${name}`, message: verdict.message });
      }
    }
    return { checked, broken };
  });
}
