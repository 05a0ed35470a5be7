import { expect, test } from "vitest";
import { MalformedError } from "@/lib/engines/shared/reader/messages";
import { StreamEnd } from "./stream-end";

function chunk(type: string, name: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(name.length);
  return Buffer.concat([Buffer.from(`XBSTCK01\0${type}`), length, Buffer.from(name)]);
}

function endOf(...chunks: Buffer[]): { lastFile: string } {
  const watch = new StreamEnd();
  for (const each of chunks) watch.push(each);
  return watch.end();
}

test("a stream is whole when the file that the tool writes last is closed, however its bytes come", () => {
  for (const name of ["xtrabackup_info", "mariadb_backup_info", "xtrabackup_checkpoints", "backup-my.cnf"]) {
    const bytes = Buffer.concat([chunk("P", "ibdata1"), Buffer.alloc(5_000), chunk("E", name)]);
    expect(endOf(bytes)).toEqual({ lastFile: name });
    expect(endOf(...[...bytes].map((byte) => Buffer.from([byte])))).toEqual({ lastFile: name });
  }
});

test("a stream that ends anywhere else is not whole", () => {
  const end = chunk("E", "xtrabackup_info");
  for (const bytes of [
    Buffer.alloc(0),
    end.subarray(0, -1),
    Buffer.concat([end, Buffer.from("x")]),
    chunk("E", "t/a.ibd"),
    chunk("P", "xtrabackup_info"),
    Buffer.from("xtrabackup_info"),
  ]) {
    expect(() => endOf(bytes)).toThrow(MalformedError);
  }
});
