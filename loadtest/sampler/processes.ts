/**
 * @module
 * The processes of this machine with what they have used: `/proc` on Linux, `ps` elsewhere.
 *
 * CPU time is cumulative and has a resolution of 10 ms; memory is the resident set, which counts pages
 * that processes share once for each of them.
 */
import { execFile, execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";

export interface ProcessInfo {
  readonly pid: number;
  readonly parentPid: number;
  readonly command: string;
  readonly cpuMs: number;
  readonly rssKib: number;
  /** Stopped by a signal. */
  readonly isStopped: boolean;
}

export interface ProcessReader {
  /** Every process, with its full command line. */
  all(): Promise<readonly ProcessInfo[]>;
  /** The given ones, without command lines; those that are gone are left out. */
  some(pids: Iterable<number>): Promise<readonly ProcessInfo[]>;
}

export const processReader = (): ProcessReader =>
  process.platform === "linux" ? linuxReader() : psReader();

function linuxReader(): ProcessReader {
  const ticksPerSecond = configured("CLK_TCK", 100);
  const pageKib = configured("PAGESIZE", 4_096) / 1_024;
  const read = (pid: number): ProcessInfo | null => {
    const stat = readText(`/proc/${pid}/stat`);
    return stat === null ? null : parseStat(stat, { ticksPerSecond, pageKib });
  };
  return {
    async all() {
      return readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .flatMap((name) => {
          const info = read(Number(name));
          if (info === null) return [];
          const command = readText(`/proc/${name}/cmdline`)?.replaceAll("\0", " ").trim();
          return [{ ...info, command: command || info.command }];
        });
    },
    async some(pids) {
      return [...pids].flatMap((pid) => read(pid) ?? []);
    },
  };
}

/** One line of `/proc/<pid>/stat` (proc(5)); the name in parentheses may itself contain any character. */
export function parseStat(
  stat: string,
  { ticksPerSecond, pageKib }: { readonly ticksPerSecond: number; readonly pageKib: number },
): ProcessInfo | null {
  const open = stat.indexOf("(");
  const close = stat.lastIndexOf(")");
  if (open === -1 || close === -1) return null;
  const fields = stat.slice(close + 2).split(" ");
  const at = (place: number) => Number(fields[place]);
  return {
    pid: Number(stat.slice(0, open)),
    parentPid: at(1),
    command: stat.slice(open + 1, close),
    cpuMs: ((at(11) + at(12)) / ticksPerSecond) * 1_000,
    rssKib: Math.round(at(21) * pageKib),
    isStopped: fields[0] === "T",
  };
}

const PS_COLUMNS = "pid=,ppid=,rss=,state=,time=,command=";

function psReader(): ProcessReader {
  const run = promisify(execFile);
  const all = async () => {
    const { stdout } = await run("ps", ["-axo", PS_COLUMNS], { maxBuffer: 16 * 1_024 * 1_024 });
    return stdout.split("\n").flatMap((line) => parsePsLine(line) ?? []);
  };
  return {
    all,
    async some(pids) {
      const wanted = new Set(pids);
      return (await all()).filter((info) => wanted.has(info.pid));
    },
  };
}

export function parsePsLine(line: string): ProcessInfo | null {
  const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+([\d:.-]+)\s+(.*)$/.exec(line);
  if (!match) return null;
  const [, pid, parentPid, rssKib, state = "", time = "", command = ""] = match;
  return {
    pid: Number(pid),
    parentPid: Number(parentPid),
    command,
    cpuMs: clockMs(time),
    rssKib: Number(rssKib),
    isStopped: state.startsWith("T"),
  };
}

/** `[[days-]hours:]minutes:seconds[.hundredths]` */
function clockMs(text: string): number {
  const [clock = "", days] = text.split("-").reverse();
  const seconds = clock.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return Math.round((seconds + Number(days ?? 0) * 86_400) * 1_000);
}

export function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function configured(name: string, fallback: number): number {
  try {
    return Number(execFileSync("getconf", [name], { encoding: "utf8" })) || fallback;
  } catch {
    return fallback;
  }
}
