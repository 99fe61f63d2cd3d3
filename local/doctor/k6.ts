/**
 * @module
 * Is there a k6 for the lab? What the lab accepts, and how it builds one, is the lab's to say: its module is
 * loaded by URL, because imports point from the lab to here and not back.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { findProgram, programVersion } from "./programs.ts";

export type K6State =
  | { readonly kind: "fine"; readonly detail: string }
  | { readonly kind: "missing"; readonly detail: string; readonly mend: string };

/** The part of `loadtest/k6.ts` that is used here. */
interface LabK6 {
  /** Finds it or builds it; rejects with advice for people. */
  k6(say: (line: string) => void): Promise<{ readonly path: string; readonly version: string }>;
  parseK6Version(text: string): string | null;
  isRecentGo(version: string): boolean;
  installAdvice(why: string): string;
}

const BUILD = "npm run doctor -- --install (builds it with Go, about two minutes)";
const TIMEOUT_MS = 20_000;

export async function k6State(root: string): Promise<K6State> {
  const lab = await labK6(root);
  for (const path of [findProgram("k6"), join(root, ".local", "bin", "k6")]) {
    const version = path === null ? null : lab.parseK6Version(await output(path, ["version"]));
    if (version !== null) return { kind: "fine", detail: `${version}, ${path}` };
  }
  const go = findProgram("go");
  const goVersion = go === null ? null : await programVersion(go, ["version"]);
  if (goVersion !== null && lab.isRecentGo(goVersion.text)) {
    return { kind: "missing", detail: "k6 is not installed", mend: BUILD };
  }
  const why = goVersion === null ? "Go is not installed" : `Go ${goVersion.text} is too old`;
  return { kind: "missing", detail: "k6 is not installed", mend: lab.installAdvice(why) };
}

/** Returns whether there is one now; says what it does, and what stands in the way. */
export async function installK6(root: string, say: (line: string) => void): Promise<boolean> {
  try {
    await (await labK6(root)).k6(say);
    return true;
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return false;
  }
}

async function labK6(root: string): Promise<LabK6> {
  return (await import(pathToFileURL(join(root, "loadtest", "k6.ts")).href)) as LabK6;
}

/** Empty when it does not run. */
async function output(program: string, args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)(program, [...args], { timeout: TIMEOUT_MS })).stdout;
  } catch {
    return "";
  }
}
