import { describe, it } from "vitest";
import {
  type ConfigFaults,
  type Deployment,
  deploymentNotes,
  deploymentProblems,
} from "./deployment.ts";

const SECRETS = [
  "UPSTASH_REDIS_REST_URL",
  "UPSTASH_REDIS_REST_TOKEN",
  "DATABASE_URL",
  "API_KEYS",
  "SESSION_SECRETS",
];
const COMPLETE: Deployment = {
  env: null,
  secrets: SECRETS,
  uploads: ["INSTANCE"],
  values: {},
  bindings: { topLevel: ["METRICS_HUB"], own: ["METRICS_HUB"] },
};
const FAULTLESS: ConfigFaults = {
  redis: null,
  postgres: null,
  apiKeys: null,
  redisNodes: null,
  redisShards: null,
  corsOrigins: null,
  sessionSecrets: null,
  sessionOrigins: null,
  instance: null,
};

const problems = (change: Partial<Deployment>, faults: Partial<ConfigFaults> = {}) =>
  deploymentProblems({ ...COMPLETE, ...change }, () => ({ ...FAULTLESS, ...faults }));

const nodes = (...roles: readonly string[]) =>
  JSON.stringify(
    roles.map((role, n) => ({ id: `n${n}`, url: `https://n${n}.upstash.io`, token: "t", role })),
  );

describe("what keeps a deployment from working", () => {
  it("is nothing when everything is set", ({ expect }) => {
    expect(problems({})).toEqual([]);
    expect(problems({ secrets: [], uploads: SECRETS })).toEqual([]);
  });

  it.for(SECRETS)(
    "is %s when it is not set, told with the command that sets it",
    (name, { expect }) => {
      const [problem, ...others] = problems({ secrets: SECRETS.filter((one) => one !== name) });
      expect(others).toEqual([]);
      expect(problem?.what).toBe(`${name} is not set`);
      expect(problem?.mend).toContain(`npx wrangler secret put ${name}`);
    },
  );

  it("is a missing secret that can be made, told with the command that makes it", ({ expect }) => {
    expect(problems({ secrets: SECRETS.slice(0, -1) })).toEqual([
      {
        what: "SESSION_SECRETS is not set",
        mend: "npx node local/make-secret.ts SESSION_SECRETS | npx wrangler secret put SESSION_SECRETS",
      },
    ]);
  });

  it("is no missing secret when nobody was asked which are set", ({ expect }) => {
    expect(problems({ secrets: null })).toEqual([]);
  });

  it("is set for the environment that is deployed", ({ expect }) => {
    const [problem] = problems({ env: "staging", secrets: SECRETS.slice(1) });
    expect(problem?.mend).toBe("npx wrangler secret put UPSTASH_REDIS_REST_URL --env staging");
  });

  it("is a binding that an environment does not repeat", ({ expect }) => {
    const bindings = { topLevel: ["METRICS_HUB", "SSTABLES"], own: ["METRICS_HUB"] };
    expect(problems({ env: "staging", bindings })).toEqual([
      {
        what: "[env.staging] has no binding SSTABLES",
        mend: "repeat it under [env.staging] in wrangler.toml: environments do not inherit bindings",
      },
    ]);
  });

  it("is what the Worker itself says of a value, and only of values that are known", ({
    expect,
  }) => {
    const faults = { apiKeys: "API_KEYS is not valid JSON.", postgres: "DATABASE_URL is not set." };
    expect(problems({ values: { API_KEYS: "{" } }, faults)).toMatchObject([
      { what: "API_KEYS is not valid JSON." },
    ]);
  });

  it.for([
    ["UPSTASH_REDIS_REST_URL", "http://localhost:8079"],
    ["UPSTASH_REDIS_REST_URL", "http://127.0.0.1:8079"],
    ["UPSTASH_REDIS_REST_URL", "http://[::1]:8079"],
    ["UPSTASH_REDIS_REST_URL", "http://192.168.1.7"],
    ["UPSTASH_REDIS_REST_URL", "http://172.31.0.1"],
    ["DATABASE_URL", "postgres://u:p@localhost/db"],
    ["DATABASE_URL", "postgres://u:p@db.localtest.me:5432/db"],
    [
      "REDIS_SHARDS",
      '[{"id":"s","primary":{"url":"http://127.0.0.1:1","token":"t"},"replicas":[]}]',
    ],
  ] as const)("is %s=%s, an address of this machine", ([name, value], { expect }) => {
    expect(problems({ values: { [name]: value } })).toMatchObject([
      { what: expect.stringMatching(`^${name} points at this machine`) },
    ]);
  });

  it.for([
    ["UPSTASH_REDIS_REST_URL", "https://eu1-localhost-1.upstash.io"],
    ["UPSTASH_REDIS_REST_URL", "https://172.32.0.1"],
    ["DATABASE_URL", "postgres://u:localhost@ep-x.eu-central-1.aws.neon.tech/db"],
  ] as const)("is not %s=%s", ([name, value], { expect }) => {
    expect(problems({ values: { [name]: value } })).toEqual([]);
  });

  it("is any number of voters but three, and two that are one database", ({ expect }) => {
    const withNodes = (REDIS_NODES: string) => problems({ values: { REDIS_NODES } });
    expect(withNodes(nodes("voter", "voter", "voter", "spare"))).toEqual([]);
    expect(withNodes(nodes("voter", "voter", "spare"))).toMatchObject([
      { what: "REDIS_NODES has 2 voters; it takes 3" },
    ]);
    const same = nodes("voter", "voter", "voter").replaceAll("n2.upstash", "n1.upstash");
    expect(withNodes(same)).toMatchObject([
      { what: "two of REDIS_NODES are the same database (n1.upstash.io)" },
    ]);
  });
});

describe("what a deployment does not promise", () => {
  it("is told when there is one database for everything", ({ expect }) => {
    expect(deploymentNotes(COMPLETE)[0]).toContain("REDIS_NODES and REDIS_SHARDS not set");
    const spread = { ...COMPLETE, secrets: [...SECRETS, "REDIS_NODES", "REDIS_SHARDS"] };
    expect(deploymentNotes(spread)).toEqual([]);
  });
});
