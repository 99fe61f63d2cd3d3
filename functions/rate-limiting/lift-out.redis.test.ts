import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, inject, it } from "vitest";
import {
  type LiftedFolder,
  liftFolder,
  ownFiles,
  readmeLines,
  runReadmeLine,
} from "../../local/testing/lifted-folder.ts";

const FOLDER = "functions/rate-limiting";
const KEY = "key";

let lifted: LiftedFolder;

beforeAll(async () => {
  const { url, token } = inject("redis");
  lifted = await liftFolder(FOLDER, {
    UPSTASH_REDIS_REST_URL: url,
    UPSTASH_REDIS_REST_TOKEN: token,
    API_KEY_SHA256: createHash("sha256").update(KEY).digest("hex"),
  });
}, 120_000);

afterAll(() => lifted.stop());

describe("the folder of the limiter", () => {
  it("needs no more than itself, shared/ and the HTTP shell", async ({ expect }) => {
    const found = lifted.needed.filter((file) => /^functions\/rate-limiting\/[^/]+$/.test(file));
    expect(found.sort()).toEqual(await ownFiles(FOLDER));
    const allowed = /^(?:shared\/|functions\/(?:http|rate-limiting)\/)/;
    expect(lifted.needed.filter((file) => !allowed.test(file))).toEqual([]);
  });

  it("runs in an empty Worker with just the files it imports, and its README's lines with it", async ({
    expect,
  }) => {
    const lines = await readmeLines(FOLDER);
    expect(lines.length).toBeGreaterThanOrEqual(10);
    for (const line of lines) {
      const printed = await runReadmeLine(line, { URL: lifted.origin, KEY });
      expect(printed, line.command).toMatch(line.printed);
    }
  });

  it("has a middleware for an app that has nothing else of it", async ({ expect }) => {
    const get = async (user: string) => {
      const reply = await fetch(`${lifted.origin}/api/hello`, { headers: { "X-User": user } });
      await reply.text();
      return [reply.status, reply.headers.get("RateLimit")];
    };
    const user = crypto.randomUUID();
    expect(await get(user)).toEqual([200, '"burst";r=2;t=1200, "day";r=99;t=864']);
    expect(await get(user)).toEqual([200, expect.stringContaining('"burst";r=1')]);
    expect(await get(user)).toEqual([200, expect.stringContaining('"burst";r=0')]);
    expect(await get(user)).toEqual([429, expect.stringMatching(/^"burst";r=0;.*"day";r=97/)]);
    expect(await get(crypto.randomUUID())).toEqual([200, expect.stringContaining('"burst";r=2')]);
  });
});
