import { EngineError } from "@/lib/kernel/errors";
import type { Hazard } from "../../port";
import { type Session, textOf } from "../connect";
import { quoteName } from "../server/initialize-data-directory";
import { listOf } from "../schemas";

/** Asks for each view what a dump asks for: one that is broken ends the whole dump. */
export async function findBrokenViews(session: Session, schemas: readonly string[]): Promise<Hazard[]> {
  const list = listOf(schemas);
  const views = await session.rows(
    "list the views",
    `SELECT table_schema AS s, table_name AS t FROM information_schema.tables WHERE table_type = 'VIEW' AND table_schema IN ${list.sql} ORDER BY 1, 2`,
    list.values,
  );
  const hazards: Hazard[] = [];
  for (const view of views) {
    const [schema, name] = [textOf(view, "s") ?? "", textOf(view, "t") ?? ""];
    try {
      await session.rows("look at a view", `SHOW FIELDS FROM ${quoteName(name)} FROM ${quoteName(schema)}`);
    } catch (error) {
      // A lost connection says nothing about the view.
      if (!(error instanceof EngineError) || !error.permanent) throw error;
      hazards.push({
        id: "broken-view",
        effect: "omit",
        object: `${schema}.${name}`,
        message: `view "${schema}.${name}" is broken and left out: it names a table, column, function or definer that is not there or may not be used`,
        hint: "Mend or drop it: SHOW CREATE VIEW tells what it needs.",
      });
    }
  }
  return hazards;
}
