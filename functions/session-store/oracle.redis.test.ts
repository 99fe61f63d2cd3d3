import { describe, type ExpectStatic, inject, it } from "vitest";
import { directRedis } from "../../local/testing/direct-stores.ts";
import type { Random } from "../../shared/kernel/time.ts";
import { PREDECESSORS_MAX } from "./policy.ts";
import { createCalls, nextCookie } from "./testing/calls.ts";
import { createLateness } from "./testing/lateness.ts";
import { createOracle } from "./testing/oracle.ts";
import { createStand } from "./testing/stand.ts";

const STEPS = 3_000;
const SESSIONS_MAX = 6;

/** Mulberry32 (Tommy Ettinger), so that a run that fails can be run again. */
function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One user with a handful of sessions, old cookies among them, on a network that repeats what was said. */
function world(seed: number, expect: ExpectStatic) {
  const random = seeded(seed);
  const redis = directRedis(inject("redis").port);
  const lateness = createLateness({ random, repeated: 0.3, lateMax: 30, direct: () => redis });
  const stand = createStand(inject("redis"), { wrap: () => lateness.wrap(redis) });
  const calls = createCalls(stand);
  const oracle = createOracle({ predecessors: PREDECESSORS_MAX });
  const known: string[] = [];
  const pick = <Item>(items: readonly Item[]): Item | undefined =>
    items[Math.floor(random() * items.length)];

  const moves: Record<string, (cookie: string) => Promise<void>> = {
    async set(cookie) {
      const [field, value] = [`f${Math.floor(random() * 5)}`, Math.floor(random() * 3)];
      await calls.set(cookie, { [field]: value });
      oracle.set(cookie, field, String(value));
    },
    async unset(cookie) {
      const field = `f${Math.floor(random() * 5)}`;
      await calls.update(cookie, { changes: [{ kind: "unset", name: `d:${field}` }] });
      oracle.unset(cookie, field);
    },
    async add(cookie) {
      const sku = `s${Math.floor(random() * 3)}`;
      const updated = await calls.update(cookie, {
        changes: [{ kind: "add", name: `c:${sku}`, value: 1 }],
      });
      if (updated.kind === "done") oracle.add(cookie, sku, 1);
    },
    async rotate(cookie) {
      const rotated = await calls.rotate(cookie);
      expect(rotated.kind === "rotated").toBe(oracle.of(cookie) !== null);
      if (rotated.kind !== "rotated") return;
      oracle.rotate(cookie, rotated.cookie, false);
      known.push(rotated.cookie);
    },
    async login(cookie) {
      const rotated = await calls.rotate(cookie, "login");
      if (rotated.kind !== "rotated") return;
      oracle.rotate(cookie, rotated.cookie, true);
      known.push(rotated.cookie);
    },
    async begin() {
      if (oracle.live().length >= SESSIONS_MAX) return;
      const cookie = nextCookie(await calls.create({ userId: "one" }));
      oracle.begin(cookie);
      known.push(cookie);
    },
    async end(cookie) {
      await calls.end(cookie);
      oracle.end(cookie);
    },
    async endOthers(cookie) {
      const reply = await calls.endOthers(cookie);
      if (reply.kind === "ended") {
        expect(reply.ended).toBe(oracle.endOthers(cookie, reply.cookie));
        if (reply.cookie !== null) known.push(reply.cookie);
      } else expect(oracle.of(cookie)).toBeNull();
    },
  };
  const weighted = Object.entries({
    set: 30,
    unset: 8,
    add: 15,
    rotate: 15,
    login: 3,
    begin: 8,
    end: 3,
    endOthers: 2,
  }).flatMap(([move, weight]) => Array.from({ length: weight }, () => move));

  return {
    close: () => redis.close(),
    repeats: () => lateness.repeats,
    async step() {
      const cookie = pick(known.slice(-40)) ?? "";
      const move = cookie === "" ? "begin" : (pick(weighted) ?? "set");
      await moves[move]?.(cookie);
      return move;
    },
    /** Each cookie that was ever given opens what it should, or nothing. */
    async check() {
      for (const cookie of known.slice(-40)) {
        const found = await calls.read(cookie);
        const session = oracle.of(cookie);
        expect(found.kind === "session", cookie).toBe(session !== null);
        if (found.kind !== "session" || session === null) continue;
        expect(Object.fromEntries(found.session.data)).toEqual(Object.fromEntries(session.fields));
        expect(Object.fromEntries(found.session.cart)).toEqual(Object.fromEntries(session.cart));
        expect(found.session.version).toBe(String(session.version));
        const listed = await calls.list(cookie);
        const devices = listed.kind === "sessions" ? listed.devices : [];
        expect(devices.length).toBe(oracle.live().length);
      }
    },
  };
}

describe("sessions", () => {
  for (const seed of [1, 2, 3]) {
    it(`are what the oracle says after ${STEPS} random calls with late copies, seed ${seed}`, async ({
      expect,
    }) => {
      const { step, check, close, repeats } = world(seed, expect);
      const moves = new Map<string, number>();
      for (let taken = 0; taken < STEPS; taken += 1) {
        const move = await step();
        moves.set(move, (moves.get(move) ?? 0) + 1);
        if (taken % 50 === 0) await check();
      }
      await check();
      expect(moves.size).toBe(8);
      expect(repeats()).toBeGreaterThan(STEPS / 5);
      close();
    });
  }
});
