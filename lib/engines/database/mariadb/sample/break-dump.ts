import type { SampleDamage } from "../../port";

/** What is taken out or replaced, each as it stands in a dump of MariaDB's program. Text is read byte by byte. */
const DAMAGES: Record<SampleDamage, { find: RegExp; replacement: string }> = {
  "no-footer": { find: /\n-- Dump completed on [^\n]+\n$/, replacement: "\n" },
  "no-rows": { find: /INSERT INTO `[^`]+` VALUES[\s\S]*?;\n/g, replacement: "" },
  "table-missing": {
    find: /--\n-- Table structure for table `notes`\n[\s\S]*?\/\*!40000 ALTER TABLE `notes` ENABLE KEYS \*\/;\n/,
    replacement: "",
  },
  "triggers-missing": {
    find: /DELIMITER ;;\n\/\*!50003 CREATE\*\/[^\n]*TRIGGER[\s\S]*?;;\nDELIMITER ;\n/g,
    replacement: "",
  },
  "other-character-set": { find: /SET NAMES (?:binary|utf8mb4) /, replacement: "SET NAMES latin1 " },
};

/** A dump with one thing wrong. @throws Error where the dump has no such thing: it would be tried for nothing */
export function breakDump(sql: Buffer, damage: SampleDamage): Buffer {
  const { find, replacement } = DAMAGES[damage];
  const text = sql.toString("latin1");
  const broken = text.replace(find, replacement);
  if (broken === text) throw new Error(`the sample's dump cannot be broken as "${damage}"`);
  return Buffer.from(broken, "latin1");
}
