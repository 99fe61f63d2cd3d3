import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, it } from "vitest";
import {
  cookieContext,
  cookieIn,
  forgetCookie,
  openCookie,
  type SessionCookie,
  sealCookie,
  setCookie,
} from "./cookie.ts";

const K1 = { kid: "k1", secret: "a".repeat(32) };
const K2 = { kid: "k2", secret: "b".repeat(32) };
const INSTANCE = "main";
const COOKIE: SessionCookie = {
  tenant: "acme",
  userHash: "0123456789abcdef".repeat(2),
  publicId: "p".repeat(22),
  token: "t".repeat(43),
};

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".split("");
const text = (length: number, alphabet = base64url) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength: length, maxLength: length });
const anyCookie = fc.record({
  tenant: fc.stringMatching(/^[A-Za-z0-9._~:@-]{1,128}$/),
  userHash: text(32, "0123456789abcdef".split("")),
  publicId: text(22),
  token: text(43),
});

describe("a cookie", () => {
  it("opens as what was sealed, whatever it names", ({ expect }) => {
    fc.assert(
      fc.property(anyCookie, (cookie) => {
        const sealed = sealCookie(cookie, INSTANCE, K1);
        expect(openCookie(sealed, { instance: INSTANCE, secrets: [K2, K1] })).toEqual(cookie);
        expect(sealed).toMatch(/^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{1,400}$/);
      }),
    );
  });

  it("is sealed by HMAC-SHA-256 over the instance and all that stands in it", ({ expect }) => {
    const sealed = sealCookie(COOKIE, INSTANCE, K1);
    const { tenant, userHash, publicId, token } = COOKIE;
    const said = `1+k1+${tenant}+${userHash}+${publicId}+${token}`;
    const seal = createHmac("sha256", K1.secret).update(`session-cookie\n${INSTANCE}\n${said}`);
    expect(sealed).toBe(`${said}+${seal.digest("base64url")}`);
  });

  it("does not open once a single character is another one", ({ expect }) => {
    const sealed = sealCookie(COOKIE, INSTANCE, K1);
    const keys = { instance: INSTANCE, secrets: [K1, { ...K2, secret: K1.secret }] };
    for (let at = 0; at < sealed.length; at += 1) {
      for (const other of ["A", "0", "+", "k", "2"]) {
        if (sealed[at] === other) continue;
        const forged = sealed.slice(0, at) + other + sealed.slice(at + 1);
        expect(openCookie(forged, keys), forged).toBeNull();
      }
    }
  });

  it("opens under the secret that its kid names, and no other", ({ expect }) => {
    const sealed = sealCookie(COOKIE, INSTANCE, K1);
    expect(openCookie(sealed, { instance: INSTANCE, secrets: [K2] })).toBeNull();
    const swapped = [
      { kid: "k1", secret: K2.secret },
      { kid: "k2", secret: K1.secret },
    ];
    expect(openCookie(sealed, { instance: INSTANCE, secrets: swapped })).toBeNull();
    expect(openCookie(sealed, { instance: "other", secrets: [K1] })).toBeNull();
  });

  it("is refused at any length but its own", ({ expect }) => {
    const sealed = sealCookie(COOKIE, INSTANCE, K1);
    const keys = { instance: INSTANCE, secrets: [K1] };
    for (const forged of ["", "1", sealed.slice(0, -1), `${sealed}A`, `${sealed} `, ` ${sealed}`]) {
      expect(openCookie(forged, keys)).toBeNull();
    }
  });
});

describe("the name and the attributes of the cookie", () => {
  it("are those of a secure host unless it is plain http to this machine", ({ expect }) => {
    const nameAt = (url: string) => cookieContext(url).name;
    for (const url of [
      "http://127.0.0.1:8787/x",
      "http://localhost/",
      "http://[::1]:1/",
      "http://127.9.9.9/",
    ]) {
      expect([url, nameAt(url)]).toEqual([url, "sid"]);
    }
    for (const url of [
      "https://127.0.0.1/",
      "https://a.example/",
      "http://a.example/",
      "http://localhost.evil/",
      "http://127.0.0.1.evil/",
      "http://0.0.0.0/",
    ]) {
      expect([url, nameAt(url)]).toEqual([url, "__Host-sid"]);
    }
  });

  it("keep it from scripts, other sites and other paths", ({ expect }) => {
    const secure = cookieContext("https://a.example/");
    expect(setCookie(secure, "x", 1_999)).toBe(
      "__Host-sid=x; Max-Age=1; Path=/; HttpOnly; Secure; SameSite=Lax",
    );
    expect(forgetCookie(secure)).toBe(
      "__Host-sid=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax",
    );
    expect(setCookie(cookieContext("http://127.0.0.1/"), "x", 1_000)).toBe(
      "sid=x; Max-Age=1; Path=/; HttpOnly; SameSite=Lax",
    );
  });
});

describe("a Cookie header", () => {
  it("gives the one cookie of a name", ({ expect }) => {
    expect(cookieIn(undefined, "sid")).toBeNull();
    expect(cookieIn("", "sid")).toBeNull();
    expect(cookieIn("sid=a", "sid")).toBe("a");
    expect(cookieIn("a=1; sid=b; c=2", "sid")).toBe("b");
    expect(cookieIn("a=1;sid=b=c;d", "sid")).toBe("b=c");
    expect(cookieIn("xsid=a; __Host-sid=b", "sid")).toBeNull();
    expect(cookieIn("__Host-sid=b", "__Host-sid")).toBe("b");
  });

  it("gives none of a name that begins with a space which only Unicode knows", ({ expect }) => {
    for (const space of ["\u00a0", "\u0085", "\u2000", "\u3000", "\ufeff", "\v", "\f"]) {
      expect(cookieIn(`${space}__Host-sid=a`, "__Host-sid"), JSON.stringify(space)).toBeNull();
      expect(cookieIn(`__Host-sid=b; ${space}__Host-sid=a`, "__Host-sid")).toBe("b");
    }
    expect(cookieIn("a=1;\t sid=b \t; c=2", "sid")).toBe("b");
  });

  it("gives none where two of a name differ: one of them was planted", ({ expect }) => {
    expect(cookieIn("sid=a; sid=b", "sid")).toBeNull();
    expect(cookieIn("sid=a; sid=a", "sid")).toBe("a");
  });
});
