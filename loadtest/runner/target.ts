/**
 * @module
 * What a run is sent to: a deployment, the local stack that runs, or one that the lab starts for itself.
 */
import { readStack, type StackFile } from "../../local/stack-file.ts";
import { startOwnStack } from "./own-stack.ts";

export interface Target {
  readonly kind: "local" | "remote";
  /** For people: `local stack`, or host and port of anything else. */
  readonly name: string;
  readonly url: string;
  readonly key: string;
  /** The stack on this machine that is behind `url`, if any: its processes are sampled. */
  stack(): StackFile | null;
  close(): Promise<void>;
}

export interface TargetOptions {
  readonly url: string | null;
  readonly key: string | null;
  readonly dataDir: string;
}

/** The options cannot be carried out; the message says what to change. */
export class TargetError extends Error {
  override readonly name = "TargetError";
}

const LOCAL_STACK = "local stack";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

export const isLoopback = (url: string): boolean => LOOPBACK.has(new URL(url).hostname);

/** One server on this machine has several names; its port tells it from others. */
function isSameServer(url: string, other: string): boolean {
  const [a, b] = [new URL(url), new URL(other)];
  if (!isLoopback(url) || !isLoopback(other)) return a.origin === b.origin;
  return a.protocol === b.protocol && a.port === b.port;
}

export async function resolveTarget(
  options: TargetOptions,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Target> {
  if (options.url !== null) return named(options.url, options);
  if (options.key !== null) throw new TargetError("--key is the key of a --target; give both.");
  const running = readStack(options.dataDir);
  if (running !== null) {
    say(`using the local stack at ${running.url}`);
    return local(
      () => readStack(options.dataDir) ?? running,
      async () => {},
    );
  }
  say("no local stack is running; starting one (it stops when the run is over)");
  const own = await startOwnStack(say, signal);
  return local(own.stack, own.stop);
}

function named(url: string, options: TargetOptions): Target {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw new TargetError(`--target ${url} is not a URL. Example: --target https://kv.example.com`);
  }
  const origin = parsed.origin;
  const stack = () => {
    const running = readStack(options.dataDir);
    return running !== null && isSameServer(running.url, origin) ? running : null;
  };
  const found = stack();
  const key = options.key ?? found?.key;
  if (key === undefined) {
    throw new TargetError(
      "--target needs --key: an API key of that deployment with the scopes read and write (and admin for some patterns).",
    );
  }
  return {
    kind: isLoopback(url) ? "local" : "remote",
    name: found === null ? parsed.host : LOCAL_STACK,
    url: origin,
    key,
    stack,
    close: async () => {},
  };
}

function local(stack: () => StackFile, close: () => Promise<void>): Target {
  const { url, key } = stack();
  return { kind: "local", name: LOCAL_STACK, url, key, stack, close };
}
