import type { Session } from "../connect";
import { listOf } from "../schemas";

/**
 * Types whose values come back byte by byte from text of no character set. Not among them: INET4, INET6, UUID and
 * whatever a newer server adds, which take such text for their inner form.
 */
const BYTE_TYPES = [
  ...["tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double", "bit", "year"],
  ...["date", "time", "datetime", "timestamp"],
  ...["char", "varchar", "tinytext", "text", "mediumtext", "longtext"],
  ...["binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"],
  ...["geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon"],
  "geometrycollection",
];

/** The values of ENUM and SET are looked for among names, which fit byte by byte only if these are of ASCII. */
const ASCII_NAMES =
  "(data_type IN ('enum', 'set') AND LENGTH(column_type) = CHAR_LENGTH(column_type) AND character_set_name NOT REGEXP '^(ucs2|utf16|utf32)')";

/** To the dump every column's bytes are then binary ones: written in hexadecimal all of them would take twice the room. */
const BYTES = ["--default-character-set=binary", "--skip-hex-blob"];
/** Binary values in text that no character set can change. */
const CHARACTERS = ["--default-character-set=utf8mb4", "--hex-blob"];

/**
 * In which character set a dump speaks. `binary` hands every column's bytes out and takes them in as they are stored,
 * whatever their character set, and makes mariadb-dump need less than half the CPU time, since it does not look for the
 * characters in the bytes. Only where every column's type allows it.
 */
export async function chooseCharacterSet(session: Session, schemas: readonly string[]): Promise<readonly string[]> {
  const list = listOf(schemas);
  const types = listOf(BYTE_TYPES);
  const others = await session.rows(
    "read the columns' types",
    `SELECT 1 FROM information_schema.columns
      WHERE table_schema IN ${list.sql} AND (data_type IN ${types.sql} OR ${ASCII_NAMES}) IS NOT TRUE LIMIT 1`,
    [...list.values, ...types.values],
  );
  return others.length === 0 ? BYTES : CHARACTERS;
}
