import { createHash } from "node:crypto";
import { describe, it } from "vitest";
import { boundedCache } from "../../shared/kernel/bounded-cache.ts";
import { authenticate, type Keyring, type Principal, VERIFIED_TTL_MS } from "./auth.ts";

const KEY = "key-1.a~b+c/d==";

const PRINCIPAL: Principal = { keyId: "k", tenant: "acme", scopes: new Set(["read"]) };

function keyring(): Keyring & { readonly principals: Map<string, Principal> } {
  const sha256 = createHash("sha256").update(KEY).digest("hex");
  return {
    principals: new Map([[sha256, PRINCIPAL]]),
    verified: boundedCache({ entriesMax: 10, ttlMs: VERIFIED_TTL_MS }),
  };
}

describe("authentication", () => {
  it("knows a key by its hash, with either spelling of the scheme", ({ expect }) => {
    for (const scheme of ["Bearer", "bearer"]) {
      expect(authenticate(keyring(), `${scheme} ${KEY}`, 0)).toEqual({
        kind: "known",
        principal: PRINCIPAL,
      });
    }
  });

  it("tells a missing, a malformed and an unknown key apart", ({ expect }) => {
    expect(authenticate(keyring(), undefined, 0).kind).toBe("missing");
    for (const header of ["", KEY, `Basic ${KEY}`, `Bearer ${KEY}, Bearer ${KEY}`, "Bearer a b"]) {
      expect(authenticate(keyring(), header, 0).kind, header).toBe("malformed");
    }
    for (const header of [`Bearer ${KEY}=`, `Bearer ${KEY.slice(1)}`, "Bearer x"]) {
      expect(authenticate(keyring(), header, 0).kind, header).toBe("unknown");
    }
  });

  it("remembers a verified key for a bounded time, and no key that was unknown", ({ expect }) => {
    const ring = keyring();
    const header = `Bearer ${KEY}`;
    authenticate(ring, header, 0);
    ring.principals.clear();
    expect(authenticate(ring, header, VERIFIED_TTL_MS - 1).kind).toBe("known");
    expect(authenticate(ring, header, VERIFIED_TTL_MS).kind).toBe("unknown");
    ring.principals.set(createHash("sha256").update(KEY).digest("hex"), PRINCIPAL);
    expect(authenticate(ring, header, VERIFIED_TTL_MS).kind).toBe("known");
  });
});
