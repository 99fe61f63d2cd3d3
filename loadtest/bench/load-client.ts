import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { LoadOrder, LoadResult } from "./load-process.ts";

const LOAD_PROCESS = fileURLToPath(new URL("./load-process.ts", import.meta.url));

/** The load generator's process, from here. One load at a time. */
export interface LoadClient {
  run(order: Omit<LoadOrder, "id" | "firstIndex">): Promise<LoadResult>;
  stop(): void;
}

/** Indexes that one load may use: far more than it can send. */
const INDEXES_A_LOAD = 10_000_000;

export function startLoadClient(): LoadClient {
  const child = fork(LOAD_PROCESS, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const died = once(child, "exit").then(([code]) => {
    throw new Error(`The load generator ended with code ${code}.`);
  });
  // Only a running load is told; without one the end is ours.
  died.catch(() => {});
  let loads = 0;
  return {
    async run(order) {
      loads += 1;
      const answered = once(child, "message");
      child.send({ ...order, id: loads, firstIndex: loads * INDEXES_A_LOAD } satisfies LoadOrder);
      const [result]: LoadResult[] = await Promise.race([answered, died]);
      if (result?.id !== loads) throw new Error("The load generator answered another load.");
      return result;
    },
    stop: () => child.disconnect(),
  };
}
