import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "vitest";
import { FaultEngine } from "../faults/engine.ts";
import { SqlEndpoint } from "./endpoint.ts";

describe("SqlEndpoint", () => {
  it("lets go of a request that a fault holds, and asks nothing of the database", async ({
    expect,
  }) => {
    let asked = 0;
    const database = {
      run: () => {
        asked += 1;
        return Promise.reject();
      },
      close: () => Promise.resolve(),
    };
    const faults = new FaultEngine();
    faults.add({ target: "postgres", kind: "delay", delayMs: 10_000 });
    const endpoint = new SqlEndpoint({ database, password: "p", faults, target: "postgres" });
    let answered = Promise.resolve();
    const server = createServer((request, response) => {
      answered = endpoint.answer(request, response);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const posted = fetch(`http://127.0.0.1:${port}/sql`, {
      method: "POST",
      body: JSON.stringify({ query: "SELECT 1" }),
      headers: { "Neon-Connection-String": "postgres://u:p@127.0.0.1/d" },
    }).catch(() => "reset");
    while (faults.list()[0]?.hits !== 1) await new Promise((resolve) => setImmediate(resolve));
    endpoint.close();
    await answered;
    server.closeAllConnections();
    server.close();
    expect(await posted).toBe("reset");
    expect(asked).toBe(0);
  });
});
