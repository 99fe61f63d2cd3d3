import { describe, it } from "vitest";
import { opOf } from "./op.ts";

const put = { method: "PUT", idempotencyKey: "k", body: "1" } as const;
const newId = () => "id";

describe("op of a write", () => {
  it("is the same for the same key and method, and has 32 hex digits", ({ expect }) => {
    const { nonce, ...op } = opOf(put, newId);
    expect(opOf({ ...put }, () => "other")).toEqual({ ...op, nonce: "other" });
    expect(nonce).toBe("id");
    expect(opOf(put, newId).id).toMatch(/^[0-9a-f]{32}$/);
    expect(opOf(put, newId).body).toMatch(/^[0-9a-f]{32}$/);
  });

  it("differs by method and by key, and tells another body under the same key", ({ expect }) => {
    const { id, body } = opOf(put, newId);
    expect(opOf({ ...put, method: "DELETE" }, newId).id).not.toBe(id);
    expect(opOf({ ...put, idempotencyKey: "l" }, newId).id).not.toBe(id);
    expect(opOf({ ...put, body: "2" }, newId).id).toBe(id);
    expect(opOf({ ...put, body: "2" }, newId).body).not.toBe(body);
  });

  it("is fresh without a key, and cannot be hit by a caller's key", ({ expect }) => {
    const own = { ...put, idempotencyKey: undefined };
    expect(opOf(own, () => "a").id).not.toBe(opOf(own, () => "b").id);
    expect(opOf(own, () => "a")).toMatchObject({ body: "", nonce: "" });
    expect(opOf({ ...put, idempotencyKey: "a" }, newId).id).not.toBe(opOf(own, () => "a").id);
  });
});
