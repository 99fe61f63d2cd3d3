import { describe, inject, it } from "vitest";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import { createCalls } from "./testing/calls.ts";
import { createStand } from "./testing/stand.ts";

const stand = createStand(inject("redis"));
const { begin, rotate, end, lives, opened } = createCalls(stand);

describe("a write that was done, not answered, and found no session when it was asked again", () => {
  const lossy = (meanwhile: () => Promise<unknown>) => {
    let isFirst = true;
    return createCalls(
      stand.another({
        wrap: (port) => ({
          command: (args, options) => port.command(args, options),
          async script(script, keys, args, options) {
            const reply = await port.script(script, keys, args, options);
            if (!isFirst) return reply;
            isFirst = false;
            await meanwhile();
            throw new UpstreamError({ dependency: "redis", fault: "timeout", outcome: "unknown" });
          },
        }),
      }),
    );
  };
  const AMBIGUOUS = { kind: "no_session", isAmbiguous: true };

  it("does not claim that it was not done", async ({ expect }) => {
    const userId = "ambiguous";
    const [mine, other] = [await begin({ userId }), await begin({ userId })];
    expect(await lossy(() => end(mine)).end(mine, opened(other).publicId)).toEqual(AMBIGUOUS);
    expect(await lives(other)).toBe(false);
    const old = await begin();
    expect(await lossy(() => rotate(old, "login")).rotate(old)).toEqual(AMBIGUOUS);
  });
});
