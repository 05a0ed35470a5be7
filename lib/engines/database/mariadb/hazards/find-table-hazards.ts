import type { Hazard } from "../../port";
import type { CatalogueTable } from "./read-catalogue";
import { isAtLeast, type ServerVersion } from "./server-version";

/** Engines whose rows lie elsewhere: the dump holds the table's definition alone. */
const ROWS_ELSEWHERE = ["MRG_MyISAM", "FEDERATED", "CONNECT", "OQGRAPH", "SPIDER", "VP", "S3"];
const USE_PHYSICAL = "Choose the method `physical` for this system: it carries the files themselves.";

/** Whether the empty string is a member of an ENUM, as information_schema prints its type. */
export function enumHasEmptyMember(columnType: string): boolean {
  return /^enum\((?:'(?:[^']|'')*',)*''[,)]/i.test(columnType);
}

function columnHazards(table: CatalogueTable, object: string): Hazard[] {
  const floats = table.oddColumns.filter(({ dataType }) => dataType === "float").map(({ name }) => name);
  const hazards: Hazard[] = table.oddColumns
    .filter(({ dataType, columnType }) => dataType === "enum" && enumHasEmptyMember(columnType))
    .map(({ name }) => ({
      id: "enum-empty-and-zero",
      effect: "lossy",
      object: `${object}.${name}`,
      message: `column "${object}.${name}" has the empty string as a member: the invalid value 0 comes back as that member`,
      hint: USE_PHYSICAL,
    }));
  if (floats.length > 0) {
    hazards.push({
      id: "float-column",
      effect: "lossy",
      object,
      message: `table "${object}" has FLOAT columns (${floats.join(", ")}): SQL text carries 6 digits of their values`,
      hint: USE_PHYSICAL,
    });
  }
  return hazards;
}

function engineHazards(table: CatalogueTable, object: string): Hazard[] {
  if (table.isTransactional) return [];
  if (ROWS_ELSEWHERE.includes(table.engine)) {
    return [
      {
        id: "rows-elsewhere",
        effect: "omit",
        object,
        message: `table "${object}" (${table.engine}) keeps its rows elsewhere: the dump holds its definition alone`,
        hint: "Is the place where its rows lie backed up as a system of its own?",
      },
    ];
  }
  return [
    {
      id: "non-transactional-table",
      effect: "warn",
      object,
      message: `table "${object}" (${table.engine}) is not transactional: a row that is written to it during a dump makes the dump useless for a replay`,
      hint: "ALTER TABLE … ENGINE = InnoDB, or let nothing write to it during the dump.",
    },
  ];
}

/** A table without a key makes a replay slow, however it was backed up. */
export function findKeyHazards(table: CatalogueTable, object: string): Hazard[] {
  if (table.hasUniqueKey) return [];
  return [
    {
      id: "no-primary-key",
      effect: "warn",
      object,
      message: `table "${object}" has no primary key and about ${table.rows} rows: a replay looks through all of them for each row that changed`,
      hint: "Give it a primary key; an invisible AUTO_INCREMENT column does.",
    },
  ];
}

function historyHazards(table: CatalogueTable, object: string, version: ServerVersion): Hazard[] {
  if (table.kind !== "versioned") return [];
  if (table.oddColumns.some(({ isRowStart, columnType }) => isRowStart && columnType.startsWith("bigint"))) {
    const message = `table "${object}" keeps its history by transaction number, which MariaDB's dump refuses`;
    return [{ id: "history-not-dumped", effect: "refuse", object, message, hint: USE_PHYSICAL }];
  }
  if (isAtLeast(version, 10, 11)) return [];
  const message = `table "${object}" loses its history: MariaDB dumps it from 10.11 on`;
  return [{ id: "history-not-dumped", effect: "lossy", object, message, hint: USE_PHYSICAL }];
}

/** What tables make a backup worse than it looks, table by table. */
export function findTableHazards(tables: readonly CatalogueTable[], version: ServerVersion): Hazard[] {
  return tables.flatMap((table): Hazard[] => {
    const object = `${table.schema}.${table.name}`;
    if (table.kind === "sequence") {
      const message = `sequence "${object}" goes on after the values that the server had reserved: up to its cache's size is skipped, none comes twice`;
      const hint = "Nothing need be done unless the application expects numbers without gaps.";
      return [{ id: "sequence-cache", effect: "warn", object, message, hint }];
    }
    return [
      ...columnHazards(table, object),
      ...engineHazards(table, object),
      ...findKeyHazards(table, object),
      ...historyHazards(table, object, version),
    ];
  });
}
