/**
 * @module
 * The lines a journey prints while k6 runs, one for each fact, read back by the runner.
 *
 * ```
 * r,index,startMs,elapsedMs,durationUs,operation,status,error,trips,storeRequests,history
 * f,{"name":…,"checked":…,"violations":[…]}             what the end of the run verified
 * m,load | m,over       the load begins, the load is over: the runner reads the stores' counters here
 * o,atMs,history          writes acknowledged before the load by atMs, or reads after it begun at atMs
 * ```
 *
 * `index` is the request's number in the test, `operation` its place in the journey's list, `error`
 * empty or a code without commas, `trips` and `storeRequests` the reply's `Kv-Cost` (-1 without one).
 * `history` is empty, or what the request read or wrote: `w|key|version|token` or `r|…`, joined by `;`.
 */

/** One value that a request saw or stored. Versions of a key are comparable numbers that only grow. */
export interface Observation {
  readonly kind: "read" | "write";
  readonly key: string;
  readonly version: number;
  /** What the value said about itself; one version must never be seen with two. 0 if nothing. */
  readonly token: number;
}

export interface RequestRecord {
  readonly index: number;
  /** Milliseconds since 1970, before the request was sent. */
  readonly startMs: number;
  /** Whole milliseconds until the journey had the reply. */
  readonly elapsedMs: number;
  /** k6's `http_req_duration` (sending + waiting + receiving; no connecting) in microseconds. */
  readonly durationUs: number;
  readonly operation: number;
  /** HTTP status, 0 when there was no reply. */
  readonly status: number;
  readonly error: string | null;
  readonly trips: number;
  readonly storeRequests: number;
  readonly history: readonly Observation[];
}

export interface Finding {
  readonly name: string;
  readonly checked: number;
  /** At most `VIOLATIONS_MAX` sentences, each with what was expected and what was found. */
  readonly violations: readonly string[];
}

export const VIOLATIONS_MAX = 10;

/** For how long the journey holds still after a mark, so that what it marks can be read at rest. */
export const MARK_PAUSE_MS = 500;

export type Line =
  | { readonly kind: "mark"; readonly mark: "load" | "over" }
  | { readonly kind: "request"; readonly record: RequestRecord }
  | { readonly kind: "finding"; readonly finding: Finding }
  | { readonly kind: "aside"; readonly atMs: number; readonly history: readonly Observation[] };

export function requestLine(record: RequestRecord): string {
  const { index, startMs, elapsedMs, durationUs, operation, status, error } = record;
  const { trips, storeRequests, history } = record;
  return `r,${index},${startMs},${elapsedMs},${durationUs},${operation},${status},${error ?? ""},${trips},${storeRequests},${historyText(history)}`;
}

export const findingLine = (finding: Finding): string => `f,${JSON.stringify(finding)}`;

export const markLine = (mark: "load" | "over"): string => `m,${mark}`;

export const asideLine = (atMs: number, history: readonly Observation[]): string =>
  `o,${atMs},${historyText(history)}`;

/** Returns `null` for a line that is none of ours (k6 prints warnings through the same channel). */
export function parseLine(line: string): Line | null {
  if (line.startsWith("r,")) return parseRequest(line);
  if (line.startsWith("f,")) return parseFinding(line.slice(2));
  if (line === "m,load") return { kind: "mark", mark: "load" };
  if (line === "m,over") return { kind: "mark", mark: "over" };
  if (line.startsWith("o,")) {
    const [, atMs = "", history = ""] = line.split(",");
    return { kind: "aside", atMs: Number(atMs), history: parseHistory(history) };
  }
  return null;
}

function parseRequest(line: string): Line | null {
  const fields = line.split(",");
  if (fields.length !== 11) return null;
  const at = (position: number) => Number(fields[position]);
  const record: RequestRecord = {
    index: at(1),
    startMs: at(2),
    elapsedMs: at(3),
    durationUs: at(4),
    operation: at(5),
    status: at(6),
    error: fields[7] === "" ? null : (fields[7] ?? null),
    trips: at(8),
    storeRequests: at(9),
    history: parseHistory(fields[10] ?? ""),
  };
  return { kind: "request", record };
}

function parseFinding(text: string): Line | null {
  try {
    return { kind: "finding", finding: JSON.parse(text) as Finding };
  } catch {
    return null;
  }
}

const historyText = (history: readonly Observation[]): string =>
  history.map(({ kind, key, version, token }) => `${kind[0]}|${key}|${version}|${token}`).join(";");

function parseHistory(text: string): Observation[] {
  if (text === "") return [];
  return text.split(";").map((part) => {
    const [kind, key = "", version, token] = part.split("|");
    return {
      kind: kind === "w" ? "write" : "read",
      key,
      version: Number(version),
      token: Number(token),
    };
  });
}
