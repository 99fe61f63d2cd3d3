import { describe, it } from "vitest";
import { opOf } from "./op.ts";

const put = { method: "PUT", idempotencyKey: "k", body: "1" } as const;
const newId = () => "id";

describe("op of a write", () => {
  it("is the same for the same key and method, and has 32 hex digits", ({ expect }) => {
    expect(opOf(put, newId)).toEqual(opOf({ ...put }, () => "other"));
    expect(opOf(put, newId).id).toMatch(/^[0-9a-f]{32}$/);
    expect(opOf(put, newId).body).toMatch(/^[0-9a-f]{32}$/);
  });

  it("differs by method and by key, and tells another body under the same key", ({ expect }) => {
    const { id, body } = opOf(put, newId);
    expect(opOf({ ...put, method: "DELETE" }, newId).id).not.toBe(id);
    expect(opOf({ ...put, idempotencyKey: "l" }, newId).id).not.toBe(id);
    expect(opOf({ ...put, body: "2" }, newId)).toEqual({ id, body: expect.any(String) });
    expect(opOf({ ...put, body: "2" }, newId).body).not.toBe(body);
  });

  it("is fresh without a key, and cannot be hit by a caller's key", ({ expect }) => {
    const own = { ...put, idempotencyKey: undefined };
    expect(opOf(own, () => "a").id).not.toBe(opOf(own, () => "b").id);
    expect(opOf(own, () => "a").body).toBe("");
    expect(opOf({ ...put, idempotencyKey: "a" }, newId).id).not.toBe(opOf(own, () => "a").id);
  });
});
