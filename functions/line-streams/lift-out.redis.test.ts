import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, inject, it } from "vitest";
import {
  type LiftedFolder,
  liftFolder,
  ownFiles,
  readmeLines,
  runReadmeLine,
} from "../../local/testing/lifted-folder.ts";

const FOLDER = "functions/line-streams";
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

describe("the folder of line-streams", () => {
  it("needs no more than itself, shared/ and the HTTP shell", async ({ expect }) => {
    const found = lifted.needed.filter((file) => /^functions\/line-streams\/[^/]+$/.test(file));
    // Of the object that wakes waiting polls, its interface only.
    const types = ["functions/line-streams/monitor.ts"];
    expect([...found, ...types].sort()).toEqual(await ownFiles(FOLDER));
    const allowed = /^(?:shared\/|functions\/(?:http|line-streams)\/|functions\/object-call\.ts$)/;
    expect(lifted.needed.filter((file) => !allowed.test(file))).toEqual([]);
  });

  it("runs in an empty Worker with just the files it imports, and its README's lines with it", async ({
    expect,
  }) => {
    const lines = await readmeLines(FOLDER);
    expect(lines.length).toBeGreaterThanOrEqual(15);
    for (const line of lines) {
      const printed = await runReadmeLine(line, { URL: lifted.origin, KEY });
      expect(printed, line.command).toMatch(line.printed);
    }
  });
});
