/**
 * @module
 * neon-http over a PGlite of a test's own, and a way to post to it without the driver.
 */
import { type NeonQueryFunction, neon, neonConfig } from "@neondatabase/serverless";
import { FaultEngine } from "../faults/engine.ts";
import type { PgliteOptions } from "./pglite-database.ts";
import { temporaryPglite } from "./pglite-fixture.ts";
import { type NeonHttp, startNeonHttp } from "./server.ts";

export interface TestEndpoint {
  readonly http: NeonHttp;
  readonly faults: FaultEngine;
  readonly connectionString: string;
  readonly sql: NeonQueryFunction<false, false>;
  /** Posts a body as it is, with the right connection header unless `headers` has another. */
  post(body: string, headers?: Record<string, string>): Promise<Posted>;
  dispose(): Promise<void>;
}

export interface Posted {
  readonly status: number;
  readonly headers: Headers;
  /** Every body of neon-http is JSON; this parsed it. */
  readonly json: unknown;
}

export async function testEndpoint(
  options: Omit<PgliteOptions, "dataDir"> = {},
): Promise<TestEndpoint> {
  const { database, dispose } = await temporaryPglite(options);
  const faults = new FaultEngine();
  const password = "p@ss w:rd/é";
  const http = await startNeonHttp({ port: 0, database, password, faults });
  // Global to the driver, so the endpoint is found by the port.
  neonConfig.fetchEndpoint = (host, port) => `http://${host}:${port}/sql`;
  const userInfo = `local:${encodeURIComponent(password)}`;
  const connectionString = `postgres://${userInfo}@127.0.0.1:${http.port}/local`;
  return {
    http,
    faults,
    connectionString,
    sql: neon(connectionString),
    post: async (body, headers = {}) => {
      const response = await fetch(http.url, {
        method: "POST",
        body,
        headers: { "Neon-Connection-String": connectionString, ...headers },
      });
      return { status: response.status, headers: response.headers, json: await response.json() };
    },
    dispose: async () => {
      await http.close();
      await dispose();
    },
  };
}
