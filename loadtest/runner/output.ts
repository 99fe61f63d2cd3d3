/**
 * @module
 * Follows the file that k6 writes the journey's lines to, while it grows. Polling a file costs the
 * generator nothing: it never waits for a reader.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { type Finding, type Line, parseLine, type RequestRecord } from "../protocol/lines.ts";
import type { Observed } from "./history.ts";

const POLL_MS = 25;
const CHUNK_BYTES = 1_024 * 1_024;
/** Lines that are not ours (k6's warnings, a journey's descriptions of wrong answers). */
const NOTES_MAX = 20;

export interface Output {
  readonly records: readonly RequestRecord[];
  readonly findings: readonly Finding[];
  /** Writes before the load and reads after it. */
  readonly asides: readonly Observed[];
  readonly notes: readonly string[];
}

export interface OutputFollower {
  readonly output: Output;
  /** Reads what is left and stops. */
  finish(): void;
}

export function followOutput(
  path: string,
  onMark: (mark: "load" | "over") => void,
): OutputFollower {
  const file = openSync(path, "r");
  const buffer = Buffer.alloc(CHUNK_BYTES);
  const collected = collector(onMark);
  let rest = Buffer.alloc(0);

  const drain = () => {
    for (;;) {
      const length = readSync(file, buffer, 0, CHUNK_BYTES, null);
      if (length === 0) return;
      const data = Buffer.concat([rest, buffer.subarray(0, length)]);
      const end = data.lastIndexOf("\n") + 1;
      for (const line of data.subarray(0, end).toString("utf8").split("\n")) collected.take(line);
      rest = Buffer.from(data.subarray(end));
    }
  };

  const timer = setInterval(drain, POLL_MS);
  return {
    output: collected.output,
    finish() {
      clearInterval(timer);
      drain();
      closeSync(file);
    },
  };
}

function collector(onMark: (mark: "load" | "over") => void) {
  const output = {
    records: [] as RequestRecord[],
    findings: [] as Finding[],
    asides: [] as Observed[],
    notes: [] as string[],
  };
  const keep = (line: Line) => {
    switch (line.kind) {
      case "request":
        output.records.push(line.record);
        return;
      case "finding":
        output.findings.push(line.finding);
        return;
      case "aside":
        output.asides.push({ startMs: line.atMs, endMs: line.atMs, history: line.history });
        return;
      case "mark":
        onMark(line.mark);
    }
  };
  return {
    output,
    take(text: string) {
      if (text === "") return;
      const line = parseLine(text);
      if (line !== null) keep(line);
      else if (output.notes.length < NOTES_MAX) output.notes.push(text);
    },
  };
}
