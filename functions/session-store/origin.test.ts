import { describe, it } from "vitest";
import { isTrusted } from "./origin.ts";

const URL_HERE = "https://api.example/session-store/session";
const APP = "https://app.example";

const asks = (method: string, origin: string | undefined) =>
  isTrusted({ method, url: URL_HERE, origin: () => origin }, [APP]);

describe("a call with a cookie", () => {
  it("may read from anywhere", ({ expect }) => {
    for (const method of ["GET", "HEAD", "OPTIONS"]) {
      expect(asks(method, undefined)).toBe(true);
      expect(asks(method, "https://evil.example")).toBe(true);
    }
  });

  it("may change something from here and from where it was said, and nowhere else", ({
    expect,
  }) => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      expect(asks(method, "https://api.example")).toBe(true);
      expect(asks(method, APP)).toBe(true);
      for (const origin of [
        undefined,
        "",
        "null",
        "http://api.example",
        "https://api.example:444",
        `${APP}.evil`,
        "https://sub.app.example",
      ]) {
        expect([method, origin, asks(method, origin)]).toEqual([method, origin, false]);
      }
    }
  });
});
