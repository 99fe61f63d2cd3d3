import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { describe, it, onTestFinished } from "vitest";
import { basesProblem, REDIS_PORTS, takenPorts, takenPortsMessage, WORKER_PORTS } from "./ports.ts";
import { portUses } from "./stack-plan.ts";

describe("the ports of a stack", () => {
  it("are all different and lie within the bases' ranges", ({ expect }) => {
    const base = fc.integer({ min: 1024, max: 65_000 });
    fc.assert(
      fc.property(base, base, fc.boolean(), (port, redisPort, isSingleDatabase) => {
        fc.pre(basesProblem({ port, redisPort }) === null);
        const uses = portUses({ port, redisPort }, isSingleDatabase);
        expect(new Set(uses.map((use) => use.port)).size).toBe(uses.length);
        for (const use of uses) {
          const [from, count] =
            use.option === "--port" ? [port, WORKER_PORTS] : [redisPort, REDIS_PORTS];
          expect(use.port).toBeGreaterThanOrEqual(from);
          expect(use.port).toBeLessThan(from + count);
        }
      }),
    );
  });

  it("name every server that listens", ({ expect }) => {
    const uses = portUses({ port: 8787, redisPort: 7400 }, false);
    expect(uses.filter(({ use }) => use.startsWith("redis-server")).length).toBe(13);
    expect(uses.filter(({ use }) => use.startsWith("redis-http")).length).toBe(13);
    expect(uses.filter(({ use }) => use.startsWith("replication")).length).toBe(4);
    expect(portUses({ port: 8787, redisPort: 7400 }, true).length).toBe(5);
  });
});

describe("basesProblem", () => {
  it.for([
    [1023, 7400, "--port 1023"],
    [65_533, 7400, "--port 65533"],
    [8787, 65_505, "--redis-port 65505"],
    [8787, 8787, "overlap"],
    [8787, 8790, "overlap"],
    [8787, 8756, "overlap"],
  ] as const)("refuses %i and %i", ([port, redisPort, said], { expect }) => {
    expect(basesProblem({ port, redisPort })).toContain(said);
  });

  it("takes ranges that touch, and the last ones there are", ({ expect }) => {
    expect(basesProblem({ port: 8787, redisPort: 8791 })).toBeNull();
    expect(basesProblem({ port: 8787, redisPort: 8755 })).toBeNull();
    expect(basesProblem({ port: 65_532, redisPort: 65_500 })).toBeNull();
  });
});

describe("takenPorts", () => {
  it("finds the port that somebody listens on and no other", async ({ expect }) => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const taken = { port, use: "the Worker", option: "--port" } as const;
    expect(await takenPorts([taken])).toEqual([taken]);
    await new Promise((resolve) => server.close(resolve));
    expect(await takenPorts([taken])).toEqual([]);
  });
});

describe("takenPortsMessage", () => {
  const bases = { port: 8787, redisPort: 7400 };

  it("names the port, its use, the option, and a command to type", ({ expect }) => {
    const message = takenPortsMessage(
      [{ port: 7426, use: "neon-http", option: "--redis-port" }],
      bases,
    );
    expect(message).toBe(
      "Port 7426 (neon-http) is in use; --redis-port moves it.\nFor example: npm start -- --redis-port 7500",
    );
  });

  it("does not list all ports of another stack", ({ expect }) => {
    const message = takenPortsMessage(portUses(bases, false), bases);
    expect(message.split("\n").length).toBe(6);
    expect(message).toContain("So are 29 others.");
    expect(message).toContain("npm start -- --port 8887 --redis-port 7500");
  });
});
