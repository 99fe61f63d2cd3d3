/**
 * @module
 * Which process is what. The local stack names its worker and its redis-servers; everything else below
 * its supervisor is told by its command line, and what the lab starts is the generator.
 */
import type { Role } from "../run-file/schema.ts";
import type { ProcessInfo } from "./processes.ts";

export interface KnownProcesses {
  readonly labPid: number;
  readonly generatorPid: number | null;
  /** `null` when the target is not a stack on this machine. */
  readonly stack: {
    readonly supervisorPid: number;
    readonly workerPid: number;
    readonly redis: readonly { readonly id: string; readonly pid: number }[];
  } | null;
}

export interface NamedProcess {
  readonly pid: number;
  readonly role: Role;
  readonly name: string;
}

const BY_COMMAND: readonly (readonly [pattern: RegExp, role: Role, name: string])[] = [
  [/redis-server/, "redis", "redis-server"],
  [/neon-http|pglite/, "postgres", "neon-http"],
  [/postgres/, "postgres", "postgres"],
  [/redis-http|gateway/, "gateway", "redis-http"],
  [/workerd/, "worker", "workerd"],
  // It starts workerd and watches it; no request passes through it.
  [/worker-host|wrangler|miniflare/, "supervisor", "worker host"],
];

export function nameProcesses(
  processes: readonly ProcessInfo[],
  known: KnownProcesses,
): NamedProcess[] {
  const children = childrenOf(processes);
  const named = new Map<number, NamedProcess>();
  const name = (pid: number, role: Role, label: string) =>
    named.set(pid, { pid, role, name: label });
  if (known.stack !== null) {
    const { supervisorPid, workerPid, redis } = known.stack;
    for (const info of descendants(supervisorPid, children)) {
      const [, role, label] = BY_COMMAND.find(([pattern]) => pattern.test(info.command)) ?? [];
      name(info.pid, role ?? "supervisor", label ?? "other");
    }
    name(supervisorPid, "supervisor", "supervisor");
    name(workerPid, "worker", "workerd");
    for (const { pid } of descendants(workerPid, children)) name(pid, "worker", "workerd");
    for (const { id, pid } of redis) name(pid, "redis", `redis ${id}`);
  }
  if (known.generatorPid !== null) {
    name(known.generatorPid, "generator", "k6");
    for (const { pid } of descendants(known.generatorPid, children)) name(pid, "generator", "k6");
  }
  name(known.labPid, "lab", "lab");
  const alive = new Set(processes.map((info) => info.pid));
  return [...named.values()].filter((process) => alive.has(process.pid));
}

type Children = ReadonlyMap<number, readonly ProcessInfo[]>;

function childrenOf(processes: readonly ProcessInfo[]): Children {
  const children = new Map<number, ProcessInfo[]>();
  for (const info of processes) {
    const siblings = children.get(info.parentPid);
    if (siblings) siblings.push(info);
    else children.set(info.parentPid, [info]);
  }
  return children;
}

/** All below `pid`, each once (a process list read while processes come and go may contain a cycle). */
function descendants(pid: number, children: Children): ProcessInfo[] {
  const found = new Map<number, ProcessInfo>();
  const waiting = [...(children.get(pid) ?? [])];
  for (let info = waiting.pop(); info !== undefined; info = waiting.pop()) {
    if (found.has(info.pid) || info.pid === pid) continue;
    found.set(info.pid, info);
    waiting.push(...(children.get(info.pid) ?? []));
  }
  return [...found.values()];
}
