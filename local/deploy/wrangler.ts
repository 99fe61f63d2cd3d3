/** @module What deploying needs of wrangler: the configuration, the secrets that are set, the upload. */
import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";

export interface WorkerConfig {
  readonly name: string;
  /** `[vars]`, as text. */
  readonly vars: Readonly<Record<string, string>>;
  /** Names of every binding but variables and secrets. */
  readonly bindings: readonly string[];
  /** The `[env.<name>]` there are. */
  readonly environments: readonly string[];
}

export type SecretList =
  | { readonly kind: "listed"; readonly names: readonly string[] }
  /** The Worker has never been deployed. */
  | { readonly kind: "new" }
  | { readonly kind: "failed"; readonly said: string };

export async function readWorkerConfig(root: string, env: string | null): Promise<WorkerConfig> {
  const { unstable_readConfig } = await import("wrangler");
  const config = unstable_readConfig(
    { config: join(root, "wrangler.toml"), ...(env === null ? {} : { env }) },
    { hideWarnings: true },
  );
  const named: readonly (readonly { readonly binding: string }[])[] = [
    config.r2_buckets,
    config.kv_namespaces,
    config.d1_databases,
    config.analytics_engine_datasets ?? [],
    config.services ?? [],
  ];
  return {
    name: config.name ?? "",
    environments: config.definedEnvironments ?? [],
    vars: Object.fromEntries(
      Object.entries(config.vars).map(([name, value]) => [
        name,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
    ),
    bindings: [
      ...config.durable_objects.bindings.map(({ name }: { readonly name: string }) => name),
      ...named.flat().map(({ binding }) => binding),
    ],
  };
}

export async function listSecrets(root: string, env: string | null): Promise<SecretList> {
  const { code, stdout, stderr } = await wrangler(
    root,
    ["secret", "list", "--format", "json", ...envArgs(env)],
    "captured",
  );
  if (code === 0) {
    try {
      const secrets = JSON.parse(stdout) as readonly { readonly name: string }[];
      return { kind: "listed", names: secrets.map(({ name }) => name) };
    } catch {
      return { kind: "failed", said: stdout };
    }
  }
  const said = `${stdout}${stderr}`.trim();
  return /Worker ".*" .*not found|Worker ".*" not found/.test(said)
    ? { kind: "new" }
    : { kind: "failed", said };
}

/** Returns wrangler's exit code. */
export async function upload(
  root: string,
  env: string | null,
  args: readonly string[],
): Promise<number> {
  return (await wrangler(root, ["deploy", ...envArgs(env), ...args], "shown")).code;
}

function envArgs(env: string | null): readonly string[] {
  return env === null ? [] : ["--env", env];
}

function wrangler(
  root: string,
  args: readonly string[],
  output: "captured" | "shown",
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const { PATH = "" } = process.env;
  const child = spawn("wrangler", args, {
    cwd: root,
    stdio: output === "shown" ? "inherit" : ["inherit", "pipe", "pipe"],
    env: {
      ...process.env,
      PATH: [PATH, join(root, "node_modules", ".bin")].join(delimiter),
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_HIDE_BANNER: "true",
    },
  });
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ code: 1, stdout, stderr: error.message }));
    child.once("close", (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}
