import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it, onTestFinished, vi } from "vitest";
import { startCron } from "./cron-ticker.ts";

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A runtime that answers triggers one after the other, and the paths it was asked for. */
async function runtime(answers: readonly Answer[]) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { status, body } = answers[asked.length] ?? { status: 200, body: "ok" };
    asked.push(request.url ?? "");
    response.writeHead(status).end(body);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), asked };
}

describe("the cron", () => {
  it("fires scheduled() at once", async ({ expect }) => {
    const { url, asked } = await runtime([]);
    onTestFinished(
      startCron(
        () => url,
        () => undefined,
      ),
    );
    await expect.poll(() => asked).toEqual(["/cdn-cgi/local/scheduled"]);
  });

  it("fires again every 5 s, but never beside a tick that still runs", async ({ expect }) => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const release: (() => void)[] = [];
    const server = createServer((_, response) => release.push(() => response.end()));
    server.listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    onTestFinished(() => void server.close());
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    onTestFinished(
      startCron(
        () => url,
        () => undefined,
      ),
    );
    await vi.waitFor(() => expect(release.length).toBe(1));
    vi.advanceTimersByTime(20_000);
    release[0]?.();
    await vi.waitFor(() => {
      vi.advanceTimersByTime(5000);
      expect(release.length).toBe(2);
    });
    release[1]?.();
  });

  it("says what scheduled() failed with", async ({ expect }) => {
    const { url } = await runtime([{ status: 500, body: "no table" }]);
    const said: string[] = [];
    onTestFinished(
      startCron(
        () => url,
        (message) => said.push(message),
      ),
    );
    await expect.poll(() => said).toEqual(["scheduled() failed: HTTP 500 no table"]);
  });

  it("does nothing while there is nothing to call", async ({ expect }) => {
    const said: string[] = [];
    onTestFinished(
      startCron(
        () => null,
        (message) => said.push(message),
      ),
    );
    expect(said).toEqual([]);
  });
});
