/** @module Which programs are on PATH, and what they say their version is. */
import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const TIMEOUT_MS = 10_000;

/** The full path of a program on PATH, or `null`. */
export function findProgram(name: string): string | null {
  const { PATH = "" } = process.env;
  for (const dir of PATH.split(delimiter)) {
    const path = join(dir, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not there: the next folder.
    }
  }
  return null;
}

/** The first `major.minor[.patch]` that the program prints, or `null` when it does not run. */
export function programVersion(program: string, args: readonly string[]): Promise<Version | null> {
  return new Promise((resolve) => {
    execFile(program, [...args], { timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      resolve(error === null ? parseVersion(`${stdout}${stderr}`) : null);
    });
  });
}

export interface Version {
  readonly text: string;
  readonly major: number;
  readonly minor: number;
}

export function parseVersion(text: string): Version | null {
  const match = /(\d+)\.(\d+)(?:\.\d+)*/.exec(text);
  if (match === null) return null;
  return { text: match[0], major: Number(match[1]), minor: Number(match[2]) };
}

export function isAtLeast(version: Version, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}
