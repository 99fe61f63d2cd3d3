import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, inject, it } from "vitest";
import { QUIET_WRANGLER } from "../../local/supervisor/quiet-wrangler.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const WORKER = fileURLToPath(new URL("./testing/socket-worker.ts", import.meta.url));
const BODY_BYTES_MAX = 256 * 1024;
const KEY = `Authorization: Bearer ${inject("apiKey")}`;

let dir: string;
let miniflare: Miniflare;
let port: number;

beforeAll(async () => {
  await mkdir(join(ROOT, ".local"), { recursive: true });
  dir = await mkdtemp(join(ROOT, ".local/socket-test-"));
  const entry = join(dir, "entry.ts");
  await writeFile(
    entry,
    `export { socketWorker as default } from ${JSON.stringify(WORKER)};
export * from "../../functions/index.ts";\n`,
  );
  const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
  await promisify(execFile)(
    process.execPath,
    [wrangler, "deploy", entry, "--dry-run", "--outdir", join(dir, "out")],
    { cwd: ROOT, env: { ...process.env, ...QUIET_WRANGLER } },
  );
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [
        {
          name: "socket",
          modules: await modulesOf(join(dir, "out")),
          compatibilityDate: "2026-10-23",
          bindings: inject("workerBindings"),
          durableObjects: { METRICS_HUB: { className: "MetricsHub", useSQLite: true } },
          unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
        },
      ],
      port: 0,
      cf: false,
      logRequests: false,
    }),
  );
  port = Number((await miniflare.unsafeGetDirectURL("socket")).port);
});

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
  await miniflare.dispose();
});

/** The entry first, then the scripts that it imports as text. */
async function modulesOf(out: string) {
  const texts = (await readdir(out)).filter((name) => /\.(?:lua|sql)$/.test(name));
  return await Promise.all(
    ["entry.js", ...texts].map(async (path) => ({
      type: path === "entry.js" ? ("ESModule" as const) : ("Text" as const),
      path,
      contents: await readFile(join(out, path), "utf8"),
    })),
  );
}

interface Reply {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends bytes as they are and reads until the connection ends. */
async function speak(lines: readonly string[], ...body: readonly string[]): Promise<Reply> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.on("error", () => undefined);
  socket.write(`${[...lines, "Host: x", "Connection: close"].join("\r\n")}\r\n\r\n`);
  for (const part of body) socket.write(part);
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  await new Promise((resolve) => socket.once("close", resolve));
  const end = text.indexOf("\r\n\r\n");
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]),
    head: text.slice(0, end),
    body: text.slice(end + 4),
  };
}

const get = (path: string, ...headers: readonly string[]) =>
  speak([`GET ${path} HTTP/1.1`, KEY, ...headers]);

const codeOf = ({ body }: Reply) => /"code":"(\w+)"/.exec(body)?.[1];

const json = (sizeBytes: number) => `"${"x".repeat(sizeBytes - 2)}"`;

describe("the Worker on a socket", () => {
  describe("given a body", () => {
    const POST = ["POST /t/bodies HTTP/1.1", KEY, "Content-Type: application/json"];
    const announced = (text: string) => speak([...POST, `Content-Length: ${text.length}`], text);
    const chunked = (text: string) => {
      const size = 10_000;
      const parts = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
        text.slice(i * size, (i + 1) * size),
      );
      return speak(
        [...POST, "Transfer-Encoding: chunked"],
        ...parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`),
        "0\r\n\r\n",
      );
    };

    it("takes as many bytes as the bound says, announced or not", async ({ expect }) => {
      for (const send of [announced, chunked]) {
        const reply = await send(json(BODY_BYTES_MAX));
        expect([reply.status, reply.body]).toEqual([200, `{"length":${BODY_BYTES_MAX - 2}}`]);
      }
    });

    it("answers 413 to one byte more, announced or not", async ({ expect }) => {
      for (const send of [announced, chunked]) {
        const reply = await send(json(BODY_BYTES_MAX + 1));
        expect([reply.status, codeOf(reply)]).toEqual([413, "too_large"]);
      }
    });

    it("answers 413 to an announcement alone, and to a body that is far too large", async ({
      expect,
    }) => {
      const alone = await speak([...POST, `Content-Length: ${2 ** 30}`]);
      expect([alone.status, codeOf(alone)]).toEqual([413, "too_large"]);
      const large = await announced(json(8 * 1024 * 1024));
      expect([large.status, codeOf(large)]).toEqual([413, "too_large"]);
    });
  });

  it("refuses headers that come twice", async ({ expect }) => {
    const twice = (header: string, ...more: readonly string[]) =>
      get("/t/names/a", header, header, ...more);
    const deadline = await twice("Kv-Deadline-Ms: 500");
    expect([deadline.status, codeOf(deadline)]).toEqual([400, "bad_header"]);
    const key = await speak(["GET /t/names/a HTTP/1.1", KEY, KEY]);
    expect([key.status, codeOf(key)]).toEqual([401, "unauthorized"]);
    const body = ["POST /t/bodies HTTP/1.1", KEY, "Content-Length: 2"];
    const type = "Content-Type: application/json";
    const types = await speak([...body, type, type], '""');
    expect([types.status, codeOf(types)]).toEqual([415, "unsupported_media_type"]);
    const idempotency = "Idempotency-Key: k";
    const keys = await speak([...body, type, idempotency, idempotency], '""');
    expect([keys.status, codeOf(keys)]).toEqual([400, "bad_header"]);
    const lengths = await speak([...body, type, "Content-Length: 3"], '""');
    expect(lengths.status).toBe(400);
  });

  it("takes a URL of 8,192 characters and not one more", async ({ expect }) => {
    const start = "http://x/t/names/";
    const path = `/t/names/${"x".repeat(8_192 - start.length)}`;
    expect(codeOf(await get(path))).toBe("bad_name");
    const longer = await get(`${path}x`);
    expect([longer.status, codeOf(longer)]).toEqual([414, "uri_too_long"]);
    expect((await get(`/t/names/a?${"x".repeat(40_000)}`)).status).toBe(414);
  });

  it("refuses a path whose encoding is broken", async ({ expect }) => {
    for (const bad of ["%", "%zz", "%ff", "a%C3"]) {
      const reply = await get(`/t/names/${bad}`);
      expect([bad, reply.status, codeOf(reply)]).toEqual([bad, 400, "bad_name"]);
      expect([bad, codeOf(await get(`/t/keys/${bad}`))]).toEqual([bad, "bad_key"]);
    }
    expect((await get("/t/keys/a%2Fb%25%3F%23%20")).body).toBe('{"key":"a/b%?# "}');
  });

  it("answers HEAD as GET, without a body", async ({ expect }) => {
    const reply = await speak(["HEAD /t/names/a HTTP/1.1", KEY]);
    expect([reply.status, reply.body]).toEqual([200, ""]);
    expect(reply.head).toMatch(/content-type: application\/json/i);
  });

  it("names the methods of a path to one it does not know", async ({ expect }) => {
    for (const method of ["PUT", "PATCH", "PROPFIND"]) {
      const reply = await speak([`${method} /t/names/a HTTP/1.1`, KEY, "Content-Length: 0"]);
      expect([method, reply.status]).toEqual([method, 405]);
      expect(reply.head).toMatch(/allow: GET, HEAD, OPTIONS/i);
    }
  });

  it("says in its head what it says in the contract", async ({ expect }) => {
    const { head } = await get("/t/names/a");
    for (const name of ["kv-request-id", "kv-cost", "server-timing", "x-content-type-options"]) {
      expect(head.toLowerCase()).toContain(`\r\n${name}: `);
    }
    expect(head.toLowerCase()).not.toContain("kv-problem");
  });
});
