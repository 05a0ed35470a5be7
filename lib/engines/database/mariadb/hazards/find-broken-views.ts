import { EngineError } from "@/lib/kernel/errors";
import type { Hazard } from "../../port";
import { type Row, type Session, textOf } from "../connect";
import type { Rights } from "../read-rights";
import { quoteName } from "../server/initialize-data-directory";
import { listOf } from "../schemas";

/**
 * Asks for each view what a dump asks for: one that is broken ends the whole dump. A view whose function this account
 * may not call looks broken to it and is not: it is refused, and never left out.
 */
export async function findBrokenViews(
  session: Session,
  schemas: readonly string[],
  rights: Pick<Rights, "hasOnSchema">,
): Promise<Hazard[]> {
  const broken = await listBroken(session, schemas);
  if (broken.length === 0) return [];
  const list = listOf(schemas);
  const definitions = await session.rows(
    "read the views",
    `SELECT table_schema AS s, table_name AS t, view_definition AS text FROM information_schema.views WHERE table_schema IN ${list.sql}`,
    list.values,
  );
  const functions = await session.rows(
    "list the functions",
    `SELECT routine_schema AS s, routine_name AS t FROM information_schema.routines WHERE routine_type = 'FUNCTION' AND routine_schema IN ${list.sql}`,
    list.values,
  );
  const texts = new Map(definitions.map((row) => [quotedOf(row), textOf(row, "text") ?? ""]));
  return broken.map((view) => {
    const reached = textsBehind(quotedOf(view), texts);
    const called = functions.find((each) => reached.some((text) => text.includes(`${quotedOf(each)}(`)));
    const schema = textOf(called, "s") ?? "";
    const isOurs = called && !rights.hasOnSchema("EXECUTE", schema);
    return isOurs ? notAllowed(nameOf(view), nameOf(called)) : brokenView(nameOf(view));
  });
}

async function listBroken(session: Session, schemas: readonly string[]): Promise<Row[]> {
  const list = listOf(schemas);
  const views = await session.rows(
    "list the views",
    `SELECT table_schema AS s, table_name AS t FROM information_schema.tables WHERE table_type = 'VIEW' AND table_schema IN ${list.sql} ORDER BY 1, 2`,
    list.values,
  );
  const broken: Row[] = [];
  for (const view of views) {
    const [schema, name] = [textOf(view, "s") ?? "", textOf(view, "t") ?? ""];
    try {
      await session.rows("look at a view", `SHOW FIELDS FROM ${quoteName(name)} FROM ${quoteName(schema)}`);
    } catch (error) {
      // A lost connection says nothing about the view.
      if (!(error instanceof EngineError) || !error.permanent) throw error;
      broken.push(view);
    }
  }
  return broken;
}

/** The text of a view and of every view that it stands on. */
function textsBehind(view: string, texts: ReadonlyMap<string, string>): string[] {
  const seen = new Set([view]);
  for (const name of seen) {
    for (const other of texts.keys()) {
      if (texts.get(name)?.includes(other)) seen.add(other);
    }
  }
  return [...seen].map((name) => texts.get(name) ?? "");
}

function quotedOf(row: Row): string {
  return `${quoteName(textOf(row, "s") ?? "")}.${quoteName(textOf(row, "t") ?? "")}`;
}

function nameOf(row: Row): string {
  return `${textOf(row, "s") ?? ""}.${textOf(row, "t") ?? ""}`;
}

function brokenView(name: string): Hazard {
  return {
    id: "broken-view",
    effect: "omit",
    object: name,
    message: `view "${name}" is broken and left out: it names a table, column, function or definer that is not there or may not be used`,
    hint: "Mend or drop it: SHOW CREATE VIEW tells what it needs.",
  };
}

function notAllowed(view: string, called: string): Hazard {
  return {
    id: "missing-right",
    effect: "refuse",
    object: `EXECUTE on ${called}`,
    message: `view "${view}" calls "${called}", which this account may not: a dump could not tell it from a broken one`,
    hint: "GRANT EXECUTE on that schema to Holdfast's account. If the view is broken for everyone, mend or drop it.",
  };
}
