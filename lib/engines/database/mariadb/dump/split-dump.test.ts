import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DumpSplitter, MalformedDumpError, statementText } from "./split-dump";

/** What MariaDB's dump looks like, with names and texts that look like parts of it. */
const DUMP = [
  "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump, it's 10.19\n--\n\n/*!40101 SET NAMES utf8mb4 */;\n",
  "\n-- Current Database: `a;\n-- b`\n\nUSE `a;\nb`;\n",
  "\nCREATE TABLE `t` (\n  `c` int COMMENT 'it''s; \\';\\n',\n  `d``;\n` text DEFAULT '\";\n'\n) COMMENT='/*!40000 ALTER TABLE';\n",
  "/*!40000 ALTER TABLE `t` DISABLE KEYS */;",
  "\nINSERT INTO `t` VALUES\n(1,'a;\\n'),\n(2,'\\'');\nINSERT INTO `t` VALUES\n(3,'/*!40000 ALTER TABLE');\n",
  "/*!40000 ALTER TABLE `t` ENABLE KEYS */;\n",
  "/*!40000 ALTER TABLE `u` DISABLE KEYS */;",
  "\n",
  "/*!40000 ALTER TABLE `u` ENABLE KEYS */;\n",
  "DELIMITER ;;",
  "\nCREATE PROCEDURE p() BEGIN\n-- it's\nSELECT 'DELIMITER ;';\nEND\n;;\nDELIMITER ;\n",
  "/*!50106 DROP EVENT IF EXISTS `e` */;\n",
  "DELIMITER ;;",
  "\nCREATE EVENT e\n ;;\n/*!50106 DROP EVENT IF EXISTS `f` */;;\nDELIMITER ;;",
  "\nCREATE EVENT f\n ;;\nDELIMITER ;\n",
  "/*!50106 SET TIME_ZONE= @save_time_zone */ ;\n",
  "\n-- Dump completed on 2026-11-23 10:00:00\n",
];

type Part = ["statement" | "program" | "rows", string];

function split(chunks: readonly Buffer[]): Part[] {
  const parts: Part[] = [];
  let isOpen = false;
  const add = (kind: Part[0], piece: Buffer, starts: boolean) => {
    const last = parts.at(-1);
    if (last && last[0] === kind && !starts) last[1] += piece.toString("latin1");
    else parts.push([kind, piece.toString("latin1")]);
  };
  const splitter = new DumpSplitter({
    statement: (text) => {
      isOpen = false;
      add("statement", text, true);
    },
    program: (piece, first) => add("program", piece, first),
    rows: (piece) => {
      add("rows", piece, !isOpen);
      isOpen = true;
    },
  });
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return parts;
}

const WHOLE = Buffer.from(DUMP.join(""), "latin1");
const EXPECTED: Part[] = DUMP.map((text, index) => [
  text.startsWith("\nINSERT") || DUMP[index - 1]?.includes("DISABLE KEYS")
    ? "rows"
    : DUMP[index - 1]?.endsWith("DELIMITER ;;")
      ? "program"
      : "statement",
  text,
]);

describe("a dump", () => {
  test("is cut into its statements, programs and rows, whatever its names and texts look like", () => {
    expect(split([WHOLE])).toEqual(EXPECTED);
  });

  test("is cut the same however its bytes arrive, and no byte is lost", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: WHOLE.length - 1 }), { maxLength: 40 }), (cuts) => {
        const ends = [...new Set(cuts)].sort((a, b) => a - b).concat(WHOLE.length);
        expect(split(ends.map((end, index) => WHOLE.subarray(ends[index - 1] ?? 0, end)))).toEqual(EXPECTED);
      }),
    );
    expect(split([...WHOLE].map((byte) => Buffer.from([byte])))).toEqual(EXPECTED);
  });

  test("that ends inside a statement, a program or rows is refused", () => {
    for (const [index, text] of DUMP.entries()) {
      if (index === DUMP.length - 1) continue;
      const before = DUMP.slice(0, index).join("");
      const isSectionStart = text.endsWith("DISABLE KEYS */;") || text.endsWith("DELIMITER ;;");
      const cut = `${before}${text.slice(0, isSectionStart ? undefined : -3)}`;
      expect(() => split([Buffer.from(cut, "latin1")]), cut.slice(-60)).toThrow(MalformedDumpError);
    }
  });
});

describe("a statement's text", () => {
  test("is without the comments and blank lines before it", () => {
    expect(statementText(Buffer.from("\n--\n-- Table `a\n-- b`\n--\n\nUSE `x`;\n"))).toBe("USE `x`;");
    expect(statementText(Buffer.from("/*M!999999\\- x */ \n-- y\n/*!40101 SET @a=1 */;\n"))).toBe(
      "/*!40101 SET @a=1 */;",
    );
  });
});
