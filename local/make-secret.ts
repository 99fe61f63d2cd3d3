/**
 * @module
 * Makes the value of a secret that people would otherwise have to put together by hand:
 * `npx node local/make-secret.ts API_KEYS | npx wrangler secret put API_KEYS`. The value goes to stdout, what is
 * for people (the key itself, which is nowhere else) to stderr.
 */
import { createHash, randomBytes } from "node:crypto";
import { readCommandLine } from "./command-line.ts";

const SECRET_BYTES = 32;
const NAMES = ["API_KEYS", "SESSION_SECRETS"];

const { options, operands } = readCommandLine({
  usage: "npx node local/make-secret.ts",
  summary: "Prints a new value for a secret of the Worker.",
  options: {
    id: { kind: "text", value: "ID", default: "first", help: "name of the key, for the logs" },
    tenant: { kind: "text", value: "TENANT", default: "main", help: "whose data the key opens" },
    scopes: {
      kind: "text",
      value: "LIST",
      default: "read,write,admin",
      help: "what the key may do",
    },
  },
  operands: { name: "NAME", help: NAMES.join(" or ") },
});
const [name] = operands;
if (name === "API_KEYS") {
  const key = `ekv_${randomBytes(SECRET_BYTES).toString("base64url")}`;
  const sha256 = createHash("sha256").update(key).digest("hex");
  const { id, tenant, scopes } = options;
  process.stderr.write(`The key, to be kept by whoever calls: ${key}\n`);
  process.stdout.write(`${JSON.stringify([{ id, sha256, tenant, scopes: scopes.split(",") }])}\n`);
} else if (name === "SESSION_SECRETS") {
  const kid = `k${randomBytes(4).toString("hex")}`;
  process.stdout.write(
    `${JSON.stringify({ [kid]: randomBytes(SECRET_BYTES).toString("base64url") })}\n`,
  );
} else {
  process.stderr.write(`Which one? ${NAMES.join(" or ")}\n`);
  process.exitCode = 2;
}
