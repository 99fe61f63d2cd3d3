/** @module What the stack, the tests and the lab need of this machine, examined one by one. */
import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { readStack } from "../stack-file.ts";
import {
  basesProblem,
  type PortBases,
  takenPorts,
  takenPortsMessage,
} from "../supervisor/ports.ts";
import { portUses } from "../supervisor/stack-plan.ts";
import { k6State } from "./k6.ts";
import { isAtLeast, parseVersion } from "./programs.ts";
import { redisState } from "./redis-server.ts";

export interface Finding {
  readonly subject: string;
  /** `optional`: only the lab needs it. */
  readonly grade: "fine" | "missing" | "optional";
  readonly detail: string;
  /** What to do; `null` when nothing is to be done. */
  readonly mend: string | null;
}

export interface Examined {
  readonly root: string;
  readonly dataDir: string;
  readonly bases: PortBases;
}

/** wrangler refuses older ones. */
const NODE_MIN = { major: 22, minor: 12 };
const DISK_MIN_BYTES = 1024 ** 3;

export async function examine(examined: Examined): Promise<readonly Finding[]> {
  return [
    nodeFinding(process.version),
    await redisFinding(),
    await portsFinding(examined),
    dataFinding(examined.dataDir),
    diskFinding(examined.dataDir),
    await k6Finding(examined.root),
  ];
}

export function nodeFinding(text: string): Finding {
  const version = parseVersion(text);
  if (version !== null && isAtLeast(version, NODE_MIN.major, NODE_MIN.minor)) {
    return fine("Node.js", `${version.text}, ${process.execPath}`);
  }
  return missing(
    "Node.js",
    `${text} is too old: ${NODE_MIN.major}.${NODE_MIN.minor} or newer is needed`,
    "npm install && npm run doctor (npm scripts bring a Node of their own)",
  );
}

async function redisFinding(): Promise<Finding> {
  const state = await redisState();
  return state.kind === "fine"
    ? fine("redis-server", state.detail)
    : missing("redis-server", state.detail, state.mend);
}

async function portsFinding({ dataDir, bases }: Examined): Promise<Finding> {
  const bad = basesProblem(bases);
  if (bad !== null) return missing("ports", bad, "npm start -- --port 8787 --redis-port 7400");
  const span = `${bases.port} and ${bases.redisPort} to ${bases.redisPort + 31}`;
  const stack = readStack(dataDir);
  if (stack !== null) return fine("ports", `a stack runs at ${stack.url}, pid ${stack.pid}`);
  const taken = await takenPorts(portUses(bases, false));
  if (taken.length === 0) return fine("ports", `${span} are free`);
  const [first = "", ...others] = takenPortsMessage(taken, bases).split("\n");
  const example = others.at(-1)?.replace("For example: ", "") ?? "";
  return missing("ports", [first, ...others.slice(0, -1)].join(" "), example);
}

function dataFinding(dataDir: string): Finding {
  const folder = nearestExisting(dataDir);
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return fine("data folder", dataDir);
  } catch {
    return missing(
      "data folder",
      `${folder} cannot be written`,
      `sudo chown -R "$(id -u)" "${folder}"`,
    );
  }
}

function diskFinding(dataDir: string): Finding {
  const { bavail, bsize } = statfsSync(nearestExisting(dataDir));
  const freeBytes = bavail * bsize;
  const text = `${(freeBytes / 1024 ** 3).toFixed(1)} GiB free`;
  return freeBytes >= DISK_MIN_BYTES
    ? fine("disk", text)
    : missing(
        "disk",
        `${text}, 1 GiB is needed`,
        "npm start -- --data DIR (on a disk with more room)",
      );
}

async function k6Finding(root: string): Promise<Finding> {
  const state = await k6State(root);
  return state.kind === "fine"
    ? fine("k6", state.detail)
    : {
        subject: "k6",
        grade: "optional",
        detail: `${state.detail} (only npm run lab needs it)`,
        mend: state.mend,
      };
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

function fine(subject: string, detail: string): Finding {
  return { subject, grade: "fine", detail, mend: null };
}

function missing(subject: string, detail: string, mend: string): Finding {
  return { subject, grade: "missing", detail, mend };
}
