import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, it, onTestFinished } from "vitest";
import { startRedisServer } from "../testing/redis-server.ts";

const RUN = `
  import { runRedisHttpOnly } from ${JSON.stringify(new URL("./cli.ts", import.meta.url).href)};
  await runRedisHttpOnly(process.argv.slice(1));
`;

/** The command in a process of its own. */
function run(...args: readonly string[]) {
  const child = spawn(process.execPath, ["--input-type=module", "-e", RUN, "--", ...args]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const text = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    text.out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    text.err += chunk.toString();
  });
  const printed = async (pattern: RegExp) => {
    while (!pattern.test(text.out)) await once(child.stdout, "data");
    return pattern.exec(text.out)?.[1] ?? "";
  };
  return { child, text, printed, exit: once(child, "exit") };
}

describe("the command line of redis-http", () => {
  it("serves the Redis it is given, prints what to paste, and ends with Ctrl-C", async ({
    expect,
  }) => {
    const server = await startRedisServer({ args: ["--requirepass", "hidden"] });
    onTestFinished(() => server.stop());
    const redis = `redis://:hidden@127.0.0.1:${server.port}`;
    const { child, text, printed, exit } = run(
      ...["--redis", redis, "--http-port", "0", "--read-only-token", "r"],
    );
    const url = await printed(/^UPSTASH_REDIS_REST_URL=(http:\S+)$/m);
    const token = await printed(/^UPSTASH_REDIS_REST_TOKEN=(\S{20,})$/m);
    const ask = async (path: string, bearer: string) => {
      const headers = { authorization: `Bearer ${bearer}` };
      return (await fetch(`${url}${path}`, { headers })).json();
    };
    expect(await ask("/set/k/v", token)).toEqual({ result: "OK" });
    expect(await ask("/get/k", "r")).toEqual({ result: "v" });
    expect(text.out).not.toContain("hidden");
    // npm passes on what the terminal has sent already.
    child.kill("SIGINT");
    child.kill("SIGINT");
    expect(await exit).toEqual([0, null]);
  });

  it("takes a token", async ({ expect }) => {
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    const { printed } = run(
      ...["--redis", `redis://127.0.0.1:${server.port}`, "--http-port", "0", "--token", "mine"],
    );
    expect(await printed(/^UPSTASH_REDIS_REST_TOKEN=(\S+)$/m)).toBe("mine");
  });

  it("explains itself", async ({ expect }) => {
    const { text, exit } = run("--help");
    expect(await exit).toEqual([0, null]);
    for (const option of ["--redis", "--http-port", "--token", "--read-only-token"]) {
      expect(text.out).toContain(option);
    }
  });

  it("says what is wrong, without the password, and exits with 1", async ({ expect }) => {
    const server = await startRedisServer({ args: ["--requirepass", "right"] });
    onTestFinished(() => server.stop());
    const closed = await startRedisServer();
    await closed.stop();
    const cases: readonly [readonly string[], RegExp][] = [
      [
        ["--redis", `redis://127.0.0.1:${closed.port}`],
        /No Redis answers at redis:\/\/127\.0\.0\.1/,
      ],
      [
        ["--redis", `redis://:wrong@127.0.0.1:${server.port}`],
        /check the address and the password/,
      ],
      [["--redis", "localhost"], /--redis needs a URL like redis:\/\/127\.0\.0\.1:6379/],
      [
        ["--redis", `redis://:right@127.0.0.1:${server.port}`, "--http-port", `${server.port}`],
        /Port \d+ is in use: choose another with --http-port/,
      ],
    ];
    for (const [args, message] of cases) {
      const { text, exit } = run("--http-port", "0", ...args);
      expect(await exit).toEqual([1, null]);
      expect(text.err).toMatch(message);
      expect(text.err).not.toMatch(/wrong@|right@/);
    }
  });
});
