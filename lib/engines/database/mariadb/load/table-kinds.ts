import { type TableDefinition, hasPrimaryKey, keyColumns } from "../dump/table-definition";
import { quoteName } from "../server/initialize-data-directory";

/** In which character set the dump's texts are written: what its `SET NAMES` says. */
export type DumpCharacterSet = "binary" | "utf8mb4";

/** Types that the dump prints as a number or as a quoted text, whatever its character set. */
const TEXT_TYPES = [
  ...["tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double"],
  ...["date", "time", "datetime", "timestamp", "year\\(4\\)"],
  ...["char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"],
];
/** Types of bytes: a quoted text only where the dump speaks `binary`, otherwise a number in hexadecimal. */
const BYTE_TYPES = ["bit", "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"];

const COLUMN = "^`(?:[^`]|``)+` ";
const TEXT_COLUMN = new RegExp(`${COLUMN}(?:${TEXT_TYPES.join("|")})(?=[ (]|$)`);
const BYTE_COLUMN = new RegExp(`${COLUMN}(?:${BYTE_TYPES.join("|")})(?=[ (]|$)`);
const BINARY_TEXT = /CHARACTER SET binary\b|CHARSET=binary\b/;

/** An InnoDB table that is neither partitioned nor has a history or a period. */
function isPlain({ columns, tail }: TableDefinition): boolean {
  if (!tail.startsWith(") ENGINE=InnoDB") || /WITH SYSTEM VERSIONING|PARTITION BY/.test(tail)) return false;
  return !columns.some((column) => column.startsWith("PERIOD FOR"));
}

/** Whether secondary keys may be built after the rows without any difference: only for kinds of table that are shown by tests to come out equal. */
export function canDeferKeys(definition: TableDefinition): boolean {
  const { columns, keys } = definition;
  if (keys.length === 0 || !hasPrimaryKey(definition) || !isPlain(definition)) return false;
  if (columns.some((column) => / VIRTUAL\b/.test(column))) return false;
  if (!keys.every((key) => /^(?:UNIQUE )?KEY /.test(key) && !/ USING HASH| WITHOUT OVERLAPS/.test(key))) return false;
  const primary = columns.find((column) => column.startsWith("PRIMARY KEY")) ?? "";
  const first = `${quoteName(keyColumns(primary)[0] ?? "")} `;
  // A counter needs a key of its own from the start.
  return columns.filter((column) => / AUTO_INCREMENT\b/.test(column)).every((column) => column.startsWith(first));
}

/**
 * Whether several connections may insert its rows at the same time: the primary key gives the rows their order, and with no other
 * key in place none of them waits for another's, so there is no deadlock.
 */
export function canLoadInParts(definition: TableDefinition): boolean {
  return hasPrimaryKey(definition) && isPlain(definition) && (definition.keys.length === 0 || canDeferKeys(definition));
}

/**
 * Whether LOAD DATA takes the dump's rows for what INSERT takes them for: each value a number, NULL or a text in quotes,
 * in the order of the columns, and stored by the same function of the server.
 */
export function canLoadText(definition: TableDefinition, characterSet: DumpCharacterSet): boolean {
  const { columns, tail } = definition;
  if (!isPlain(definition)) return false;
  if (characterSet === "utf8mb4" && [tail, ...columns].some((text) => BINARY_TEXT.test(text))) return false;
  return columns
    .filter((column) => column.startsWith("`"))
    .every(
      (column) =>
        !/ GENERATED ALWAYS | INVISIBLE\b/.test(column) &&
        (TEXT_COLUMN.test(column) || (characterSet === "binary" && BYTE_COLUMN.test(column))),
    );
}
