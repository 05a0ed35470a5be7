import { createHash, createHmac } from "node:crypto";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { CancelledError, EngineError } from "@/lib/kernel/errors";
import type { FilesArchive, FilesBase, FilesComparison, FilesEngine, FilesFacts, FilesSource } from "../port";

type Tree = Record<string, string>;
/** A full holds every file; an increment those that changed, and the names of all. */
interface Archive {
  files: Tree;
  names: string[];
}

const NONE = { count: 0, named: [] };

/** Files for tests: trees of texts by their root, in this process. What was restored is a tree too. */
export class MemoryFiles implements FilesEngine {
  /** By root; a restore puts its own here. */
  readonly trees = new Map<string, Tree>();
  /** Paths that change while they are read. */
  unsettled: string[] = [];

  readonly log: FilesEngine["log"] = {
    scan: () => Promise.resolve({ logs: [], events: [] }),
    next: () => Promise.resolve(null),
    pack: () => Readable.from([Buffer.alloc(1_024)]),
    restore: () =>
      Promise.resolve({
        add: (archive) => text(archive).then(() => undefined),
        settle: () => Promise.resolve({ logs: 0, bytes: 0 }),
      }),
  };

  inspect({ root }: FilesSource): Promise<{ tool: string }> {
    this.#treeOf(root);
    return Promise.resolve({ tool: "memory tar" });
  }

  archive(
    { root }: FilesSource,
    { base, signal }: { base?: FilesBase | undefined; signal: AbortSignal },
  ): FilesArchive {
    const done = Promise.withResolvers<FilesFacts>();
    done.promise.catch(() => undefined);
    let tree: Tree = {};
    const read = async function* (this: MemoryFiles): AsyncGenerator<Buffer> {
      try {
        if (signal.aborted) throw new CancelledError("stopped before it could pack the files");
        tree = { ...this.#treeOf(root) };
        yield Buffer.from(JSON.stringify({ files: await changed(tree, base), names: Object.keys(tree) }));
        done.resolve(this.#factsOf(tree));
      } catch (error) {
        done.reject(error);
        throw error;
      }
    };
    const output = Readable.from(read.call(this), { objectMode: false });
    const listing = () => Readable.from([Buffer.from(JSON.stringify(tree))]);
    const piped = () => ({
      start: () => output,
      measured: done.promise.then(() => ({ sizeBytes: 0, sha256: "" })),
      abandon: () => output.destroy(),
    });
    return { output, piped, done: done.promise, snapshot: listing, listing, close: () => Promise.resolve() };
  }

  prepareTarget(directory: string, key: string): Promise<string> {
    if (this.trees.has(directory)) return Promise.reject(refused(directory));
    this.trees.set(`${directory}.${key}`, {});
    return Promise.resolve(`${directory}.${key}`);
  }

  settleTarget(place: string, directory: string): Promise<void> {
    this.trees.set(directory, this.#treeOf(place));
    return this.dropTarget(place);
  }

  dropTarget(place: string): Promise<void> {
    this.trees.delete(place);
    return Promise.resolve();
  }

  async extract(directory: string, archive: Readable): Promise<void> {
    const { files, names } = JSON.parse(await text(archive)) as Archive;
    const all = { ...this.#treeOf(directory), ...files };
    this.trees.set(directory, Object.fromEntries(names.map((name) => [name, all[name] ?? ""])));
  }

  async compare(directory: string, listing: Readable): Promise<FilesComparison> {
    const wanted = JSON.parse(await text(listing)) as Tree;
    const restored = this.#treeOf(directory);
    const names = [...new Set([...Object.keys(wanted), ...Object.keys(restored)])];
    const differing = names.filter((name) => wanted[name] !== restored[name] && !this.unsettled.includes(name));
    const first = differing.map((path) => ({ path, kind: "changed" as const, facts: ["size"] }));
    return {
      compared: names.length,
      unsettled: this.unsettled.length,
      digest: digestOf(wanted),
      differences: { count: first.length, first },
      ownersCompared: true,
    };
  }

  fingerprint({ root }: FilesSource, key: Uint8Array): Promise<string> {
    return Promise.resolve(
      createHmac("sha256", key)
        .update(JSON.stringify(this.#treeOf(root)))
        .digest("hex"),
    );
  }

  #treeOf(root: string): Tree {
    const tree = this.trees.get(root);
    if (tree) return tree;
    throw failed("look at the files", `"${root}" is not there`, "Is its volume mounted?");
  }

  #factsOf(tree: Tree): FilesFacts {
    return {
      files: Object.keys(tree).length,
      directories: 1,
      symlinks: 0,
      others: 0,
      bytes: Object.values(tree).join("").length,
      digest: digestOf(tree),
      unsettled: { count: this.unsettled.length, named: this.unsettled },
      leftOut: NONE,
      remarks: NONE,
      tool: "memory tar",
    };
  }
}

async function changed(tree: Tree, base: FilesBase | undefined): Promise<Tree> {
  if (!base) return tree;
  const [before] = [JSON.parse(await text(base.listing)) as Tree, await text(base.snapshot)];
  return Object.fromEntries(Object.entries(tree).filter(([name, content]) => before[name] !== content));
}

function digestOf(tree: Tree): string {
  return createHash("sha256").update(JSON.stringify(tree)).digest("hex");
}

function refused(directory: string): EngineError {
  return failed("prepare the directory", `"${directory}" holds something already`, "Give an empty directory.");
}

function failed(operation: string, message: string, hint: string): EngineError {
  return new EngineError(message, { engine: "files", operation, permanent: true, hint });
}
