import { describe, it, vi } from "vitest";
import { readText } from "./body.ts";

const BYTES_MAX = 10;

const announcing = (sizeBytes: number, body: string) =>
  new Request("http://h/", {
    method: "POST",
    body,
    headers: { "Content-Length": String(sizeBytes) },
  });

describe("reading a body", () => {
  it("goes by what arrives, not by what was announced", async ({ expect }) => {
    const longest = "x".repeat(BYTES_MAX);
    for (const announced of [1, BYTES_MAX, BYTES_MAX + 1]) {
      const read = (text: string) => readText(announcing(announced, text), BYTES_MAX);
      expect(await read(longest)).toEqual({ kind: "text", text: longest });
      expect(await read(`${longest}x`)).toEqual({ kind: "too_large" });
    }
  });

  it("never holds the whole of one that is announced too large", async ({ expect }) => {
    const request = announcing(BYTES_MAX + 1, "x".repeat(BYTES_MAX + 1));
    const whole = vi.spyOn(request, "arrayBuffer");
    expect(await readText(request, BYTES_MAX)).toEqual({ kind: "too_large" });
    expect(whole).not.toHaveBeenCalled();
  });

  it("stops at some point to read one that never ends", async ({ expect }) => {
    const mebibyte = new Uint8Array(1024 * 1024);
    let [sent, isCancelled] = [0, false];
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1;
        if (sent > 100) controller.close();
        else controller.enqueue(mebibyte);
      },
      cancel() {
        isCancelled = true;
      },
    });
    const init = { method: "POST", body, duplex: "half" } as const;
    expect(await readText(new Request("http://h/", init), BYTES_MAX)).toEqual({
      kind: "too_large",
    });
    expect(isCancelled).toBe(true);
  });
});
