import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, inject, it } from "vitest";
import {
  type LiftedFolder,
  liftFolder,
  ownFiles,
  readmeLines,
  runReadmeLine,
} from "../../local/testing/lifted-folder.ts";

const FOLDER = "functions/session-store";
const KEY = "key";

let lifted: LiftedFolder;

beforeAll(async () => {
  const { url, token } = inject("redis");
  lifted = await liftFolder(FOLDER, {
    UPSTASH_REDIS_REST_URL: url,
    UPSTASH_REDIS_REST_TOKEN: token,
    API_KEY_SHA256: createHash("sha256").update(KEY).digest("hex"),
    SESSION_SECRET: "s".repeat(32),
  });
}, 120_000);

afterAll(() => lifted.stop());

describe("the folder of the session store", () => {
  it("needs no more than itself, shared/ and the HTTP shell", async ({ expect }) => {
    const found = lifted.needed.filter((file) => /^functions\/session-store\/[^/]+$/.test(file));
    expect(found.sort()).toEqual(await ownFiles(FOLDER));
    const allowed = /^(?:shared\/|functions\/(?:http|session-store)\/)/;
    expect(lifted.needed.filter((file) => !allowed.test(file))).toEqual([]);
  });

  it("runs in an empty Worker with just the files it imports, and its README's lines with it", async ({
    expect,
  }) => {
    const lines = await readmeLines(FOLDER);
    expect(lines.length).toBeGreaterThanOrEqual(11);
    for (const line of lines) {
      const printed = await runReadmeLine(line, { URL: lifted.origin, KEY });
      expect(printed, line.command).toMatch(line.printed);
    }
  });

  it("has a middleware for an app that has nothing else of it", async ({ expect }) => {
    const { origin } = lifted;
    const signedIn = await fetch(`${origin}/shop/sign-in/ann`, { method: "POST" });
    const Cookie = signedIn.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    const post = (headers: Record<string, string>) =>
      fetch(`${origin}/shop/my/theme/dark`, { method: "POST", headers });
    expect((await post({ Cookie })).status).toBe(403);
    expect((await post({ Cookie, Origin: origin })).status).toBe(200);
    const read = await fetch(`${origin}/shop/my/theme`, { headers: { Cookie } });
    expect(await read.text()).toBe("dark");
    expect((await fetch(`${origin}/shop/my/theme`)).status).toBe(401);
  });
});
