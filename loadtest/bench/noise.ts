import type { Estimate } from "../statistics/interval.ts";
import type { DiscoveredRow } from "./discover-rows.ts";
import { type BenchContext, CONNECTIONS } from "./measure-row.ts";
import { isPatternFirst, type Pair, pairedRatio } from "./ratio.ts";

/** The floor against itself by the same procedure: what the machine makes of no difference at all. */
export async function measureNoise(
  { path }: DiscoveredRow,
  { stack, floor, loads, runId, pairs, seconds }: BenchContext,
): Promise<Estimate> {
  const run = async () => {
    const { answered, durationMs } = await loads.run({
      rowPath: path,
      origin: floor.url,
      key: stack.key,
      runId,
      seconds,
      connections: CONNECTIONS,
      isJudged: false,
    });
    return (answered / durationMs) * 1_000;
  };
  const measured: Pair[] = [];
  for (let place = 0; place < pairs; place += 1) {
    const [first, second] = [await run(), await run()];
    measured.push(
      isPatternFirst(place) ? { pattern: first, floor: second } : { pattern: second, floor: first },
    );
  }
  return pairedRatio(measured);
}
