import { describe, it } from "vitest";
import { WAITERS_MAX } from "../../shared/streams/bounds.ts";
import { LOOK_MS_MAX, WaitRoom, type Wake } from "./wait-room.ts";

/** A room whose time passes when the test says so. */
function stage() {
  let nowMs = 0;
  const timers = new Set<{ readonly atMs: number; readonly work: () => void }>();
  const room = new WaitRoom({
    clock: () => nowMs,
    after(ms, work) {
      const timer = { atMs: nowMs + ms, work };
      timers.add(timer);
      return { cancel: () => timers.delete(timer) };
    },
  });
  const answers = new Map<string, Wake>();
  return {
    room,
    answers,
    timers,
    /** Waits as `id` and writes down the answer. */
    wait(group: string, id: string, { waitMs = 10_000, dueInMs = null as number | null } = {}) {
      answers.delete(id);
      void room.next(group, id, waitMs, dueInMs).then((wake) => answers.set(id, wake));
    },
    async pass(ms: number) {
      const endMs = nowMs + ms;
      for (;;) {
        const [next] = [...timers]
          .filter(({ atMs }) => atMs <= endMs)
          .sort((a, b) => a.atMs - b.atMs);
        if (next === undefined) break;
        nowMs = next.atMs;
        timers.delete(next);
        next.work();
      }
      nowMs = endMs;
      await settled();
    },
  };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("a waiter", () => {
  it("is woken by a stir, and only one of its group", async ({ expect }) => {
    const { room, wait, answers } = stage();
    for (const id of ["a", "b"]) room.register("g", id);
    room.register("other", "c");
    for (const id of ["a", "b"]) wait("g", id);
    wait("other", "c");
    room.stir("g");
    await settled();
    expect([...answers]).toEqual([["a", "look"]]);
    room.stirAll();
    await settled();
    expect([...answers]).toEqual([
      ["a", "look"],
      ["b", "look"],
      ["c", "look"],
    ]);
  });

  it("that is stirred while it looks does not wait, but looks once more", async ({ expect }) => {
    const { room, wait, answers } = stage();
    room.register("g", "a");
    room.stir("g");
    wait("g", "a");
    await settled();
    expect(answers.get("a")).toBe("look");
    wait("g", "a");
    await settled();
    expect(answers.has("a")).toBe(false);
  });

  it("ends after its wait, and is unknown where it was forgotten", async ({ expect }) => {
    const { room, wait, answers, pass } = stage();
    room.register("g", "a");
    wait("g", "a", { waitMs: 1_000 });
    await pass(999);
    expect(answers.size).toBe(0);
    await pass(1);
    expect(answers.get("a")).toBe("over");
    wait("g", "stranger");
    await settled();
    expect(answers.get("stranger")).toBe("unknown");
  });

  it("is woken when something comes due, by the earliest that anybody knows of", async ({
    expect,
  }) => {
    const { room, wait, answers, pass } = stage();
    for (const id of ["a", "b"]) room.register("g", id);
    wait("g", "a", { dueInMs: 500 });
    wait("g", "b", { dueInMs: 300 });
    await pass(299);
    expect(answers.size).toBe(0);
    await pass(1);
    expect([...answers]).toEqual([["a", "look"]]);
  });

  it("that took what was due lets another one find out what is due next", async ({ expect }) => {
    const { room, wait, answers, pass } = stage();
    for (const id of ["a", "b"]) room.register("g", id);
    wait("g", "a", { dueInMs: 300 });
    wait("g", "b");
    await pass(300);
    expect([...answers]).toEqual([["a", "look"]]);
    room.done("g", "a", false);
    await settled();
    expect(answers.get("b")).toBe("look");
  });
});

describe("a look that is owed", () => {
  it("is passed on by who leaves without it, and by who found more than it could take", async ({
    expect,
  }) => {
    for (const leave of ["owing", "full"]) {
      const { room, wait, answers } = stage();
      for (const id of ["a", "b"]) room.register("g", id);
      room.stir("g");
      wait("g", "b");
      if (leave === "owing") room.stir("g");
      await settled();
      const before = answers.size;
      room.done("g", "a", leave === "full");
      await settled();
      expect([before, answers.get("b")], leave).toEqual([leave === "owing" ? 1 : 0, "look"]);
    }
  });

  it("is not passed on by who leaves with all there was", async ({ expect }) => {
    const { room, wait, answers } = stage();
    for (const id of ["a", "b"]) room.register("g", id);
    wait("g", "b");
    room.done("g", "a", false);
    await settled();
    expect(answers.size).toBe(0);
  });

  it("is passed on when its waiter never comes back", async ({ expect }) => {
    const { room, wait, answers, pass } = stage();
    for (const id of ["a", "b"]) room.register("g", id);
    for (const id of ["a", "b"]) wait("g", id, { waitMs: 60_000 });
    room.stir("g");
    await pass(LOOK_MS_MAX - 1);
    expect([...answers]).toEqual([["a", "look"]]);
    await pass(1);
    expect(answers.get("b")).toBe("look");
    wait("g", "a");
    await settled();
    expect(answers.get("a")).toBe("unknown");
  });
});

describe("the room", () => {
  it("takes so many and no more, and forgets who has left with all its timers", async ({
    expect,
  }) => {
    const { room, timers } = stage();
    for (let i = 0; i < WAITERS_MAX; i += 1) {
      expect(room.register(`g${i % 3}`, `w${i}`)).toBe("registered");
    }
    expect(room.register("g0", "more")).toBe("too_many_waiters");
    room.due("g0", 5_000);
    for (let i = 0; i < WAITERS_MAX; i += 1) room.done(`g${i % 3}`, `w${i}`, false);
    expect([room.size, timers.size]).toEqual([0, 0]);
    expect(room.register("g0", "more")).toBe("registered");
  });
});
