import "vitest";

/** What the global setup hands to every test through `inject`. */
declare module "vitest" {
  export interface ProvidedContext {
    redis: { readonly url: string; readonly token: string; readonly port: number };
    postgres: { readonly databaseUrl: string };
    workerBindings: Readonly<Record<string, string>>;
    apiKey: string;
  }
}
