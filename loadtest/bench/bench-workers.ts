/**
 * @module
 * The Worker and the floor as the bench runs them: several processes of each, all hosted alike, on the stores
 * of the stack. Two processes of the very same bundle differ by several percent for as long as they live (where
 * their code and data happen to lie), so one of each would measure that as well.
 */
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import type { StackFile } from "../../local/stack-file.ts";
import { type HostedWorker, hostWorker } from "../../local/supervisor/hosted-worker.ts";
import { bundleWorker } from "../../local/supervisor/worker-bundle.ts";
import { BENCH_DIR, floorBundle, INSTANCE, ROOT, TENANT } from "./floor-bundle.ts";

/** Of each side. */
const PROCESSES = 3;

export interface BenchWorkers {
  readonly workers: readonly HostedWorker[];
  readonly floors: readonly HostedWorker[];
  stop(): Promise<void>;
}

export async function startBenchWorkers(stack: StackFile): Promise<BenchWorkers> {
  const bundle = await bundleWorker(ROOT, BENCH_DIR);
  const floorDir = await floorBundle();
  const started: HostedWorker[] = [];
  const host = async (bundleDir: string, name: string, bindings: Record<string, string>) => {
    const worker = await hostWorker({ bundleDir, persistDir: join(BENCH_DIR, name), bindings });
    started.push(worker);
    return worker;
  };
  const stop = async () => {
    await Promise.all(started.map((worker) => worker.stop()));
  };
  try {
    const [workers, floors]: [HostedWorker[], HostedWorker[]] = [[], []];
    const bindings = workerBindings(stack);
    for (let place = 0; place < PROCESSES; place += 1) {
      workers.push(await host(bundle.dir, `worker-${place}`, bindings));
      floors.push(await host(floorDir, `floor-${place}`, { ...redisOf(stack), TENANT }));
    }
    return { workers, floors, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** As the stack's own Worker has them, but for the secrets that no store knows. */
function workerBindings(stack: StackFile): Record<string, string> {
  const sha256 = createHash("sha256").update(stack.key).digest("hex");
  const scopes = ["read", "write", "admin"];
  return {
    ...redisOf(stack),
    DATABASE_URL: stack.postgres.url,
    API_KEYS: JSON.stringify([{ id: "bench", sha256, tenant: TENANT, scopes }]),
    SESSION_SECRETS: JSON.stringify({ bench: randomBytes(32).toString("hex") }),
  };
}

function redisOf({ redis }: StackFile): Record<string, string> {
  const { url, token } = redis.main;
  return { INSTANCE, UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token };
}
