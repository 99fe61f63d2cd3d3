/**
 * @module
 * The compatibility document: what is known from Neon's source and PGlite's, then what was measured.
 */
import { type Measured, TABLES } from "./measure.ts";

const INTRODUCTION = `# What works, and what differs from Neon

Made by \`npx node local/neon-http/compatibility.ts > local/neon-http/COMPATIBILITY.md\`; a test measures the tables again.

The tables below are what a user of the unmodified \`@neondatabase/serverless\` 1.2.0 gets from neon-http. They are measured over the
built-in Postgres (PGlite); the last column is what a Postgres server behind the same endpoint gives. The wire format is that of Neon's proxy
(\`proxy/src/serverless\` in neondatabase/neon).

## neon-http and Neon

| | Neon | neon-http |
| --- | --- | --- |
| host of the connection string | names the endpoint; must be a domain | free |
| user and database of the connection string | must exist | free: one neon-http serves one database, as the user \`postgres\` |
| password | of the user | \`--password\`; a wrong one is refused in Neon's words (a 400 with an empty \`code\`, there as here) |
| \`authToken\` | JWT, where set up | refused as Neon refuses it where a password is wanted |
| \`Pool\`, \`Client\` (WebSocket) | yes | no: HTTP only |
| session between requests | a pooled connection may keep a \`SET\` of an earlier request | always a clean one |
| a client that goes away | its query is cancelled | the same on a server; on PGlite it leaves the queue, but what runs goes on |
| statement timeout | none | 60 s (57014) |
| waiting for a connection | 15 s, then a 500 | the same; at most 1,000 wait |
| request and result | 10 MiB each (413, 507) | the same |
| database that cannot be reached | 500 \`error connecting to server: ...\` without a code | the same |
| connection that breaks during a query | 400 without a code: the effect is unknown | the same |
| text of the error for a body that is not JSON | of Rust's parser | of JavaScript's |
| rights | no superuser | superuser: what works here may be refused there (\`COPY ... PROGRAM\`, \`pg_read_file\`) |
| cold start, rate limits, quotas | yes | none |

## PGlite and a Postgres server

- PGlite has one connection. Requests queue, so nothing ever waits for a lock and nothing fails with 40001, 40P01 or 55P03; use
  \`--postgres\` (or \`LOCAL_POSTGRES_URL\`) to see those.
- A statement cannot be interrupted from inside: \`statement_timeout\`, \`lock_timeout\` and \`pg_cancel_backend\` have no effect. A
  statement over the bound of neon-http ends as a crash of the database, which then recovers from its log in half a second.
- A killed process loses nothing that was answered. A machine that loses power may: Postgres runs without fsync.
- There is no autovacuum and no checkpointer: neon-http runs both after 10,000 requests, as soon as nobody asks for 5 s.
- Collation is \`C\`, of type \`C.UTF-8\`. No extension is loaded but \`plpgsql\`.
- It is a newer Postgres than most servers: keep SQL to what both have.
`;

/** `postgres` is what a server gave, where there was one. */
export function documentOf(pglite: Measured, postgres: Measured): string {
  const tables = TABLES.map(({ title, columns, cases }, t) => {
    const heads = [...columns, "on a server"];
    const rows = cases.map((_, c) => {
      const here = pglite.cells[t]?.[c] ?? [];
      const there = postgres.cells[t]?.[c] ?? [];
      const isSame = JSON.stringify(here) === JSON.stringify(there);
      return `${rowStart(t, c, here)} ${isSame ? "same" : cellText(there.join("; "))} |`;
    });
    return [`## ${title}`, "", row(heads), row(heads.map(() => "---")), ...rows, ""].join("\n");
  });
  const versions = `Measured on Postgres ${pglite.version} (PGlite) and ${postgres.version} (server).\n`;
  return [INTRODUCTION, versions, ...tables].join("\n");
}

/** The row of a case up to its last column, which needs a server. */
export function rowStart(table: number, one: number, measured: readonly string[]): string {
  return row([...(TABLES[table]?.cases[one]?.cells ?? []), ...measured]);
}

function row(cells: readonly string[]): string {
  return `| ${cells.map(cellText).join(" | ")} |`;
}

/** Nothing in a cell may end it, or look like markup. */
function cellText(text: string): string {
  const line = text.replaceAll("\n", "\\n").replaceAll("|", "\\|");
  return /[<>*_{}[\]\\~]/.test(line) ? `\`${line}\`` : line;
}

/** Without what may differ: the versions of this machine, and the padding that a formatter gives tables. */
export function essential(markdown: string): string {
  return markdown
    .replace(/^Measured on Postgres .*$/m, "")
    .replace(/ +\|/g, " |")
    .replace(/-{3,}/g, "---")
    .trim();
}
