/**
 * @module
 * Where the counts of all isolates and processes are added up. The class is a shell: it reads rows, adds,
 * and writes rows; a reply leaves only after its rows are durable.
 */
import { DurableObject } from "cloudflare:workers";
import {
  addCounters,
  type Batch,
  type Counters,
  type Totals,
} from "../../shared/metrics/totals.ts";
import { isNewBatch, rowOf, SOURCE_KEPT_MS } from "./ledger.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS totals (subject TEXT PRIMARY KEY, counters TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS sources (
    source TEXT PRIMARY KEY, sequence INTEGER NOT NULL, seen_at_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
`;

type Row = { subject: string; counters: string };

export class MetricsHub extends DurableObject<Env> {
  #prunedAtMs = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(SCHEMA);
  }

  /** Adds a batch unless it has been added before; a repeat changes nothing and answers the same. */
  async add(batch: Batch): Promise<void> {
    const { sql } = this.ctx.storage;
    const nowMs = Date.now();
    const last = sql
      .exec<{ sequence: number }>("SELECT sequence FROM sources WHERE source = ?", batch.source)
      .toArray()[0];
    if (!isNewBatch(batch, last?.sequence ?? 0)) return;
    sql.exec(
      "INSERT OR REPLACE INTO sources VALUES (?, ?, ?)",
      batch.source,
      batch.sequence,
      nowMs,
    );
    for (const [subject, delta] of Object.entries(batch.delta)) this.#raise(subject, delta);
    this.#prune(nowMs);
  }

  async read(): Promise<Totals> {
    const rows = this.ctx.storage.sql.exec<Row>("SELECT subject, counters FROM totals").toArray();
    return Object.fromEntries(rows.map(({ subject, counters }) => [subject, JSON.parse(counters)]));
  }

  /** Answers when the object and its storage do. */
  async ping(): Promise<void> {
    this.ctx.storage.sql.exec("SELECT 1 FROM totals LIMIT 1");
  }

  #countersOf(subject: string): Counters | null {
    const row = this.ctx.storage.sql
      .exec<Row>("SELECT subject, counters FROM totals WHERE subject = ?", subject)
      .toArray()[0];
    return row === undefined ? null : (JSON.parse(row.counters) as Counters);
  }

  #raise(subject: string, delta: Counters): void {
    const { sql } = this.ctx.storage;
    const { subjects } = sql
      .exec<{ subjects: number }>("SELECT COUNT(*) AS subjects FROM totals")
      .one();
    const row = rowOf(subject, this.#countersOf(subject) !== null, subjects);
    const counters = addCounters(this.#countersOf(row) ?? {}, delta);
    sql.exec("INSERT OR REPLACE INTO totals VALUES (?, ?)", row, JSON.stringify(counters));
  }

  /** Forgets the sources that have long been silent, at most once in `SOURCE_KEPT_MS`. */
  #prune(nowMs: number): void {
    if (nowMs - this.#prunedAtMs < SOURCE_KEPT_MS) return;
    this.#prunedAtMs = nowMs;
    this.ctx.storage.sql.exec("DELETE FROM sources WHERE seen_at_ms < ?", nowMs - SOURCE_KEPT_MS);
  }
}
