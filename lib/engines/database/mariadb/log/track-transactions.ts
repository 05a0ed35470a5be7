import type { Heartbeat, LogTransaction } from "../../port";
import { logDamage } from "./damage";
import { EVENT } from "./event-types";
import { hasLineBreak, quoteTable } from "./guard-names";
import { type HeartbeatLayout, heartbeatLayout, readHeartbeat } from "./heartbeat-rows";
import { type GtidBody, readGtid, readStatement, readTableMap } from "./read-bodies";
import type { LogEvent } from "./scan-events";
import { type StatementKind, statementKind } from "./statement-kind";

/** A transaction with what only the engine needs of it. */
export interface TrackedTransaction extends LogTransaction {
  domain: number;
  serverId: number;
  sequence: bigint;
  /** `commit` and `rollback` are statements that a replay executes as such; `alone`: DDL and the like; `xa`: XA PREPARE, COMMIT, ROLLBACK. */
  ending: "commit" | "rollback" | "alone" | "xa";
  /** +1 when it prepares an XA transaction, -1 when it ends one. */
  preparedXa: -1 | 0 | 1;
  /** Tables whose rows it writes, as `schema.table`; only of one that is not marked transactional. */
  tables: string[];
  /** Tables that it names with a line break in the name, as MariaDB's reader prints them. */
  brokenNames: string[];
  /** Whether it also holds data changes as statements, whose tables nothing says. */
  hasStatements: boolean;
  /** Bytes of its largest event. */
  largestEventBytes: number;
}

interface Group {
  gtid: GtidBody;
  serverId: number;
  offset: number;
  at: number;
  heartbeat: Heartbeat | null;
  changesSchema: boolean;
  tables: Set<string>;
  brokenNames: Set<string>;
  hasStatements: boolean;
  largestEventBytes: number;
}

/** Tables of one transaction that are kept: enough to ask the server for their engines. */
const TABLES_MAX = 1_000;
/** These stand between transactions. */
const OUTSIDE: readonly number[] = [
  EVENT.stop,
  EVENT.rotate,
  EVENT.format,
  EVENT.checkpoint,
  EVENT.gtidList,
  EVENT.incident,
];
/** These come before the one event of a standalone group. */
const PREFIXES: readonly number[] = [EVENT.intVar, EVENT.rand, EVENT.userVar, EVENT.tableMap, EVENT.annotateRows];

/** Joins the events of a file, in order, to transactions. */
export class TransactionTracker {
  readonly #file: string;
  #group: Group | null = null;
  /** Set when the events begin inside a transaction that is not known: they are skipped until the next one. */
  #skipsUnknown: boolean;
  #layout: HeartbeatLayout | null = null;

  constructor(file: string, options: { beginsAnywhere?: boolean } = {}) {
    this.#file = file;
    this.#skipsUnknown = options.beginsAnywhere ?? false;
  }

  get isInTransaction(): boolean {
    return this.#group !== null;
  }

  /** One of its own that goes on from here. */
  fork(): TransactionTracker {
    const copy = new TransactionTracker(this.#file, { beginsAnywhere: this.#skipsUnknown });
    copy.#group = this.#group && {
      ...this.#group,
      tables: new Set(this.#group.tables),
      brokenNames: new Set(this.#group.brokenNames),
    };
    copy.#layout = this.#layout;
    return copy;
  }

  /** Returns the transaction that ends with this event. @throws EngineError where the order of events is impossible */
  accept(event: LogEvent): TrackedTransaction | null {
    if (event.type === EVENT.gtid) return this.#open(event);
    const group = this.#group;
    if (group === null) return this.#acceptOutside(event);
    if (OUTSIDE.includes(event.type)) throw this.#misplaced(event, "inside a transaction");
    const bytes = event.end - event.offset;
    if (bytes > group.largestEventBytes) group.largestEventBytes = bytes;
    const ending = this.#acceptInside(group, event);
    if (ending === null) return null;
    this.#group = null;
    return finishGroup(group, { file: this.#file, end: event.end, ending });
  }

  #open(event: LogEvent): null {
    if (this.#group !== null) throw this.#misplaced(event, "inside a transaction");
    this.#skipsUnknown = false;
    this.#layout = null;
    this.#group = {
      gtid: readGtid(event.body),
      serverId: event.serverId,
      offset: event.offset,
      at: event.timestamp,
      heartbeat: null,
      changesSchema: false,
      tables: new Set(),
      brokenNames: new Set(),
      hasStatements: false,
      largestEventBytes: 0,
    };
    return null;
  }

  #acceptOutside(event: LogEvent): null {
    if (event.type === EVENT.startEncryption) {
      throw logDamage(
        `the log file "${this.#file}" is encrypted by the server`,
        "Holdfast cannot read it: switch encrypt_binlog off, and keep the volume of the log encrypted instead.",
      );
    }
    if (OUTSIDE.includes(event.type) || this.#skipsUnknown) return null;
    throw this.#misplaced(event, "outside any transaction");
  }

  #misplaced(event: LogEvent, where: string): Error {
    return logDamage(
      `the log file "${this.#file}" is broken: an event of type ${event.type} stands ${where} at offset ${event.offset}`,
    );
  }

  #acceptInside(group: Group, event: LogEvent): TrackedTransaction["ending"] | null {
    switch (event.type) {
      case EVENT.xid:
        return "commit";
      case EVENT.xaPrepare:
        return "xa";
      case EVENT.query:
      case EVENT.queryCompressed:
        return acceptStatement(group, statementKind(readStatement(event.body, event.type === EVENT.queryCompressed)));
      case EVENT.tableMap:
        this.#acceptTable(group, event);
        return null;
      case EVENT.executeLoad:
        group.hasStatements = true;
        return null;
      default:
        if (this.#layout) group.heartbeat = readHeartbeat(event.type, event.body, this.#layout) ?? group.heartbeat;
        return group.gtid.isStandalone && !PREFIXES.includes(event.type) ? "alone" : null;
    }
  }

  #acceptTable(group: Group, event: LogEvent): void {
    const map = readTableMap(event.body);
    const layout = heartbeatLayout(map);
    if (layout) this.#layout = layout;
    else if (this.#layout?.tableId === map.tableId) this.#layout = null;
    const isNeeded = !group.gtid.isTransactional && group.tables.size < TABLES_MAX;
    if (isNeeded) group.tables.add(`${map.schema}.${map.table}`);
    if (hasLineBreak(map.schema) || hasLineBreak(map.table)) group.brokenNames.add(quoteTable(map.schema, map.table));
  }
}

function acceptStatement(group: Group, kind: StatementKind): TrackedTransaction["ending"] | null {
  if (kind === "schema") group.changesSchema = true;
  if (group.gtid.isCompletedXa) return "xa";
  if (group.gtid.isStandalone) return "alone";
  if (kind === "commit" || kind === "rollback") return kind;
  if (kind === "data") group.hasStatements = true;
  return null;
}

function finishGroup(
  group: Group,
  place: { file: string; end: number; ending: TrackedTransaction["ending"] },
): TrackedTransaction {
  const { gtid, serverId } = group;
  return {
    gtid: `${gtid.domain}-${serverId}-${gtid.sequence}`,
    domain: gtid.domain,
    serverId,
    sequence: gtid.sequence,
    file: place.file,
    offset: group.offset,
    endOffset: place.end,
    at: new Date(group.at * 1_000),
    heartbeat: group.heartbeat,
    changesSchema: group.changesSchema,
    transactional: gtid.isTransactional,
    ending: place.ending,
    preparedXa: gtid.isPreparedXa ? 1 : gtid.isCompletedXa ? -1 : 0,
    tables: [...group.tables],
    brokenNames: [...group.brokenNames],
    hasStatements: group.hasStatements,
    largestEventBytes: group.largestEventBytes,
  };
}
