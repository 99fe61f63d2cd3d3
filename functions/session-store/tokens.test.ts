import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, it } from "vitest";
import { createdToken, isSame, successorOf, TOKEN_CHARACTERS, tokenHash } from "./tokens.ts";

const SECRET = "s".repeat(32);
const TOKEN = "t".repeat(TOKEN_CHARACTERS);

describe("a token that is derived", () => {
  it("is the same each time, and another one for everything that is another", ({ expect }) => {
    const creation = { idempotencyKey: "k", nonce: "n" };
    const tokens = [
      successorOf(TOKEN, SECRET),
      successorOf(TOKEN, `${SECRET}x`),
      successorOf(`${TOKEN.slice(1)}u`, SECRET),
      successorOf(successorOf(TOKEN, SECRET), SECRET),
      createdToken(SECRET, creation),
      createdToken(`${SECRET}x`, creation),
      createdToken(SECRET, { ...creation, nonce: "m" }),
      createdToken(SECRET, { ...creation, idempotencyKey: "j" }),
      createdToken(SECRET, { idempotencyKey: TOKEN, nonce: "" }),
    ];
    expect(new Set(tokens).size).toBe(tokens.length);
    expect(successorOf(TOKEN, SECRET)).toBe(tokens[0]);
    for (const token of tokens) expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it("is kept as its SHA-256", ({ expect }) => {
    expect(tokenHash(TOKEN)).toBe(createHash("sha256").update(TOKEN).digest("hex"));
  });
});

describe("two texts", () => {
  it("are the same when every character is", ({ expect }) => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(isSame(a, b)).toBe(a === b);
        expect(isSame(a, a)).toBe(true);
      }),
    );
  });
});
