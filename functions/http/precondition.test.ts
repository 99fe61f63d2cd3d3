import { Hono } from "hono";
import { describe, it } from "vitest";
import type { AppEnv } from "./app-env.ts";
import { preconditionOf, versionOfTag } from "./precondition.ts";

async function readFrom(headers: Record<string, string>): Promise<unknown> {
  const app = new Hono<AppEnv>().put("/", (c) => c.json(preconditionOf(c)));
  return (await app.request("/", { method: "PUT", headers })).json();
}

describe("a precondition", () => {
  const cases: readonly [headers: Record<string, string>, precondition: unknown][] = [
    [{}, { kind: "none" }],
    [{ "If-Match": '"7"' }, { kind: "version", version: "7" }],
    [{ "If-Match": 'W/"7"' }, { kind: "version", version: "7" }],
    [{ "If-Match": "*" }, { kind: "exists" }],
    [{ "If-None-Match": "*" }, { kind: "absent" }],
    [{ "If-None-Match": '"7"' }, null],
    [{ "If-Match": '"7"', "If-None-Match": "*" }, null],
  ];
  for (const [headers, precondition] of cases) {
    it(`of ${JSON.stringify(headers)} is ${JSON.stringify(precondition)}`, async ({ expect }) => {
      expect(await readFrom(headers)).toEqual(precondition);
    });
  }

  it("reads a tag that an edge made weak as the tag it was", ({ expect }) => {
    expect([versionOfTag('"W/x"'), versionOfTag('W/"x"')]).toEqual(["W/x", "x"]);
  });
});
