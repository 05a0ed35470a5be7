/**
 * MariaDB's reader prints the names of tables into comments just as they are. A line break in one ends the comment, and
 * what follows in the name would be carried out with all rights: such comments are put on one line.
 */
export class NameGuard {
  readonly #comments: { printed: Buffer; harmless: Buffer }[];
  readonly #keptMax: number;
  #kept = Buffer.alloc(0);

  /** @param names as `quoteTable` gives them */
  constructor(names: Iterable<string>) {
    this.#comments = [...names].filter(hasLineBreak).map((name) => {
      const printed = `\tTable_map: ${name} mapped to number `;
      return { printed: Buffer.from(printed), harmless: Buffer.from(printed.replace(/[\r\n]/g, " ")) };
    });
    this.#keptMax = Math.max(0, ...this.#comments.map(({ printed }) => printed.length - 1));
  }

  /** Takes a piece of the reader's text; returns what may be handed on. */
  push(text: Buffer): Buffer {
    if (this.#comments.length === 0) return text;
    const all = Buffer.concat([this.#kept, text]);
    for (const { printed, harmless } of this.#comments) {
      for (let at = all.indexOf(printed); at >= 0; at = all.indexOf(printed, at)) harmless.copy(all, at);
    }
    const end = Math.max(0, all.length - this.#keptMax);
    this.#kept = all.subarray(end);
    return all.subarray(0, end);
  }

  /** The rest of the text. */
  end(): Buffer {
    return this.#kept;
  }
}

export function hasLineBreak(name: string): boolean {
  return /[\r\n]/.test(name);
}

/** A table's name as MariaDB's reader prints it. */
export function quoteTable(schema: string, table: string): string {
  const quote = (name: string) => `\`${name.replaceAll("`", "``")}\``;
  return `${quote(schema)}.${quote(table)}`;
}
