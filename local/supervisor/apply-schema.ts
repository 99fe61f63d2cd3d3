/**
 * @module
 * Brings the Worker's tables into a Postgres that speaks Neon's HTTP dialect.
 */
import { request } from "node:http";
import { readSchema } from "./schema.ts";

const TIMEOUT_MS = 20_000;

/** Applies every schema file of the project. Safe to repeat. Throws with the file and what Postgres said. */
export async function applyLocalSchema(
  root: string,
  postgres: { readonly url: string; readonly sqlUrl: string },
): Promise<void> {
  for (const { path, statement } of readSchema(root)) {
    const body = JSON.stringify({ query: statement, params: [] });
    const { status, text } = await post(postgres.sqlUrl, postgres.url, body);
    if (status !== 200) throw new Error(`${path} could not be applied: ${text}`);
  }
}

function post(
  url: string,
  connectionString: string,
  body: string,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      "content-type": "application/json",
      "neon-connection-string": connectionString,
      "neon-raw-text-output": "true",
      "neon-array-mode": "true",
    };
    const call = request(url, { method: "POST", headers, timeout: TIMEOUT_MS }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, text: text.slice(0, 1000) }),
      );
      response.on("error", reject);
    });
    call.on("timeout", () => call.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    call.on("error", reject);
    call.end(body);
  });
}
