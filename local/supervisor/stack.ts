/**
 * @module
 * The local stack: starts everything, keeps it running, tells about it, stops it.
 *
 * 1. Nothing is started before the data folder is this stack's alone and every port is known to be free.
 * 2. `stack.json` is there exactly while everything serves or is being brought back.
 * 3. `stop` may be called at any time, also while starting; it leaves no process, within 5 s.
 */
import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { removeStackFile, type StackFile, writeStackFile } from "../stack-file.ts";
import { applyLocalSchema } from "./apply-schema.ts";
import { controlRoutes } from "./control-routes.ts";
import { startControlServer } from "./control-server.ts";
import { startCron } from "./cron-ticker.ts";
import { takeDataLock } from "./data-lock.ts";
import { FaultBoard } from "./fault-board.ts";
import { ManagedProcess, type ProcessEvent, type ProcessPlan } from "./managed-process.ts";
import {
  basesProblem,
  controlPort,
  type PortBases,
  takenPorts,
  takenPortsMessage,
} from "./ports.ts";
import { endLeftovers, ProcessRecord, removeProcessRecord } from "./process-record.ts";
import { isLinked } from "./redis-process.ts";
import { describeStack, planStack, portUses, type StackPlan } from "./stack-plan.ts";
import { allRedis } from "./topology.ts";
import {
  databaseUrl,
  devVarsOf,
  removeDevVars,
  type Surroundings,
  sqlUrl,
  workerBindings,
  workerUrl,
  writeDevVars,
} from "./worker-bindings.ts";

const LINK_WAIT_MS = 3000;
const LINK_POLL_MS = 50;

export interface StackOptions {
  /** The project: its Worker is run. */
  readonly root: string;
  readonly dataDir: string;
  readonly bases: PortBases;
  readonly isSingleDatabase: boolean;
  /** Where to leave the Worker's bindings for a bare `wrangler dev`; absent: nowhere. */
  readonly devVarsPath?: string;
  /** Makes the Worker's process; called once the stores are planned. */
  readonly worker: (plan: StackPlan, stopped: AbortSignal) => Promise<ProcessPlan>;
  /** Takes lines for people. */
  readonly say: (line: string) => void;
}

/** A start that failed for a reason a person can mend; its message says how. */
class StackError extends Error {
  override readonly name = "StackError";
}

type Undo = () => Promise<void> | void;

export class LocalStack {
  readonly #options: StackOptions;
  readonly #processes = new Map<string, ManagedProcess>();
  readonly #record: ProcessRecord;
  readonly #stopped = new AbortController();
  /** What `stop` undoes, latest first: nobody asks for a process to be started once they are stopped. */
  readonly #undo: Undo[] = [];
  #plan: StackPlan | null = null;
  #faults: FaultBoard | null = null;
  #hasStarted = false;
  #stopping: Promise<void> | null = null;

  constructor(options: StackOptions) {
    this.#options = options;
    this.#record = new ProcessRecord(options.dataDir);
  }

  /** Resolves once everything serves. After a rejection nothing is left running. */
  async start(): Promise<StackFile> {
    try {
      await this.#prepare();
      const plan = this.#plan as StackPlan;
      await this.#startAll(plan);
      this.#stopped.signal.throwIfAborted();
      this.#hasStarted = true;
      this.#leaveDevVars();
      return this.#tell();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** The processes by id. */
  get processes(): ReadonlyMap<string, ManagedProcess> {
    return this.#processes;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #prepare(): Promise<void> {
    const { dataDir, bases, isSingleDatabase, say } = this.#options;
    const badBases = basesProblem(bases);
    if (badBases !== null) throw new StackError(badBases);
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const lock = takeDataLock(dataDir, workerUrl(bases));
    if (lock.kind === "held") {
      const { pid, url } = lock.holder;
      throw new StackError(
        `A stack runs on ${dataDir} already: pid ${pid}, ${url}. Stop it with Ctrl-C or "kill ${pid}", or give this one another folder and other ports: --data DIR --port N --redis-port N`,
      );
    }
    await this.#leaveToStop(lock.release);
    removeStackFile(dataDir);
    const leftovers = await endLeftovers(dataDir);
    if (leftovers.length > 0) say(`ended what a killed stack had left: ${leftovers.join(", ")}`);
    const taken = await takenPorts(portUses(bases, isSingleDatabase));
    if (taken.length > 0) throw new StackError(takenPortsMessage(taken, bases));
    this.#stopped.signal.throwIfAborted();
    this.#plan = planStack(dataDir, bases, isSingleDatabase);
  }

  async #startAll(plan: StackPlan): Promise<void> {
    const { root, bases, say } = this.#options;
    const { around } = plan;
    await this.#leaveToStop(() => this.#stopProcesses());
    const workerPlan = this.#options.worker(plan, this.#stopped.signal);
    workerPlan.catch(() => undefined);
    const gateway = this.#add(plan.gateway);
    const postgres = this.#add(plan.postgres);
    const redis = plan.redis.map((one) => this.#add(one));
    const nodes = allRedis(around.topology);
    const faults = new FaultBoard(
      nodes.map(({ id, replication }) => ({ id, canLag: replication !== null })),
      { gateway, postgres },
    );
    this.#faults = faults;
    await Promise.all([
      gateway.start(),
      ...redis.map((one) => one.start()),
      postgres.start().then(() => this.#applySchema(root)),
      workerPlan.then((made) => this.#add(made).start()),
    ]);
    await untilAllLinked(around, this.#stopped.signal);
    this.#stopped.signal.throwIfAborted();
    const control = await startControlServer({
      port: controlPort(bases.redisPort),
      key: around.secrets.key,
      handle: controlRoutes({
        processes: this.#processes,
        faults,
        afterWipe: async ({ plan: { kind } }) => {
          if (kind === "postgres") await this.#applySchema(root);
        },
      }),
    });
    await this.#leaveToStop(control.close);
    // Last: the first scheduled() finds stores and tables.
    await this.#leaveToStop(startCron(() => this.#cronUrl(), say));
  }

  /** What has come to be after the stop is undone at once, and the start ends here. */
  async #leaveToStop(undo: Undo): Promise<void> {
    if (!this.#stopped.signal.aborted) {
      this.#undo.push(undo);
      return;
    }
    await undo();
    this.#stopped.signal.throwIfAborted();
  }

  /** Where the Worker takes triggers; `null` while it is not up. */
  #cronUrl(): URL | null {
    const worker = this.#processes.get("worker");
    return worker?.isUp ? new URL(worker.url ?? workerUrl(this.#options.bases)) : null;
  }

  async #applySchema(root: string): Promise<void> {
    const around = this.#around();
    await applyLocalSchema(root, { url: databaseUrl(around), sqlUrl: sqlUrl(around.bases) });
  }

  #add(plan: ProcessPlan): ManagedProcess {
    this.#stopped.signal.throwIfAborted();
    const made = new ManagedProcess(plan, (process, event) => this.#onEvent(process, event));
    this.#processes.set(plan.id, made);
    return made;
  }

  #onEvent(process: ManagedProcess, event: ProcessEvent): void {
    const { say } = this.#options;
    const { id, pid, workerPid } = process.snapshot();
    if (event.kind === "spawned") this.#record.forget(id);
    this.#record.write(this.#pids());
    // At once, so that they are in force before it serves; and again once it does, in case it was slow.
    if (event.kind === "spawned") this.#faults?.push(process).catch(() => undefined);
    if (event.kind === "ready") {
      this.#faults?.push(process).catch((error) => say(`${id}: faults not restored: ${error}`));
    }
    if (!this.#hasStarted) return;
    if (event.kind === "died") say(`${id} died (${event.cause}); starting it again`);
    if (event.kind === "ready" && event.isRestart) {
      say(`${id} is back after ${Math.round(event.afterMs)} ms, pid ${pid}`);
    }
    if (event.kind === "worker-replaced")
      say(`${id}: workerd died; a new one runs, pid ${workerPid}`);
    if (event.kind !== "died") this.#tell();
  }

  #tell(): StackFile {
    const file = describeStack(this.#around(), (id) => this.#snapshot(id));
    writeStackFile(this.#options.dataDir, file);
    return file;
  }

  #leaveDevVars(): void {
    const { dataDir, devVarsPath, say } = this.#options;
    const bindings = workerBindings(this.#around(), "dev");
    writeDevVars(devVarsOf(dataDir), bindings);
    if (devVarsPath !== undefined && !writeDevVars(devVarsPath, bindings)) {
      say(`${devVarsPath} is not the stack's and stays; a bare "wrangler dev" reads it`);
    }
  }

  async #stopAll(): Promise<void> {
    const { dataDir, devVarsPath } = this.#options;
    this.#stopped.abort(new StackError("stopped while starting"));
    this.#hasStarted = false;
    if (this.#plan !== null) {
      removeStackFile(dataDir);
      if (devVarsPath !== undefined) removeDevVars(devVarsPath);
      removeDevVars(devVarsOf(dataDir));
    }
    for (const undo of this.#undo.reverse()) await undo();
  }

  async #stopProcesses(): Promise<void> {
    const processes = [...this.#processes.values()];
    // The Worker first: what it still does needs the stores.
    for (const isWorker of [true, false]) {
      const group = processes.filter(({ plan }) => (plan.kind === "worker") === isWorker);
      await Promise.all(group.map((one) => one.stop()));
    }
    removeProcessRecord(this.#options.dataDir);
  }

  #pids(): ReadonlyMap<string, number> {
    const pids = new Map<string, number>();
    for (const [id, process] of this.#processes) {
      const { pid, workerPid } = process.snapshot();
      pids.set(id, pid);
      if (workerPid !== pid) pids.set(`${id} (workerd)`, workerPid);
    }
    return pids;
  }

  #snapshot(id: string) {
    const process = this.#processes.get(id);
    if (process === undefined) throw new Error(`there is no process ${id}`);
    return process.snapshot();
  }

  #around() {
    if (this.#plan === null) throw new Error("the stack has not been planned");
    return this.#plan.around;
  }
}

/** Resolves once every replica follows its primary, or after 3 s: the stack serves without, too. */
async function untilAllLinked(
  { topology, secrets }: Surroundings,
  stopped: AbortSignal,
): Promise<void> {
  const enough = AbortSignal.any([stopped, AbortSignal.timeout(LINK_WAIT_MS)]);
  const replicas = topology.shards.flatMap((shard) => shard.replicas);
  for (const { id, respPort } of replicas) {
    while (!enough.aborted && !(await isLinked(respPort, secrets.tokens[id] ?? "", enough))) {
      await sleep(LINK_POLL_MS);
    }
  }
}
