import { z } from "zod";
import { sha256 } from "@/lib/kernel/crypto";
import { ValidationError } from "@/lib/kernel/errors";
import { type AuditQuery, formatAuditQuery } from "./query";
import type { Position } from "./queries";

const Payload = z.tuple([z.number().int(), z.uuid(), z.string()]);

/* A cursor of one filter would answer another with a page that looks complete and is not. */
function fingerprint(query: AuditQuery): string {
  return sha256(formatAuditQuery(query)).slice(0, 16);
}

/** An opaque text that names the place behind an event, for one query. */
export function encodeCursor(query: AuditQuery, position: Position): string {
  const payload = [position.receivedAt.getTime(), position.id, fingerprint(query)];
  return Buffer.from(JSON.stringify(payload)).toString("base64url");
}

function readPayload(cursor: string): z.infer<typeof Payload> | null {
  try {
    return Payload.safeParse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"))).data ?? null;
  } catch {
    return null; // not JSON: the caller answers for it
  }
}

/** @throws ValidationError when it is not a cursor, or one of another query */
export function decodeCursor(query: AuditQuery, cursor: string): Position {
  const payload = readPayload(cursor);
  if (!payload) {
    throw new ValidationError(
      [{ path: "cursor", message: "the cursor is not one of this log" }],
      "Start at the first page.",
    );
  }
  const [receivedAtMs, id, of] = payload;
  if (of !== fingerprint(query)) {
    throw new ValidationError(
      [{ path: "cursor", message: "the cursor belongs to another filter" }],
      "Start at the first page of this filter.",
    );
  }
  return { receivedAt: new Date(receivedAtMs), id };
}
