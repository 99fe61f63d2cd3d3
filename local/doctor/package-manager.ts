/**
 * @module
 * The package manager of this system: how it installs redis-server, and whether that may be done without asking.
 */
import { spawn } from "node:child_process";
import { findProgram } from "./programs.ts";

export interface Installation {
  /** As a person types it. */
  readonly text: string;
  /** The same as programs and arguments; empty where it must not be run for the person. */
  readonly commands: readonly (readonly [string, ...string[]])[];
}

interface Manager {
  readonly program: string;
  readonly commands: readonly (readonly [string, ...string[]])[];
  /** `root`: only as root, else with sudo in front of the text. `user`: never as root. */
  readonly runs: "root" | "user" | "by hand";
}

const MANAGERS: readonly Manager[] = [
  {
    program: "apt-get",
    commands: [
      ["apt-get", "update"],
      ["apt-get", "install", "-y", "--no-install-recommends", "redis-server"],
    ],
    runs: "root",
  },
  { program: "brew", commands: [["brew", "install", "redis"]], runs: "user" },
  { program: "dnf", commands: [["dnf", "install", "-y", "redis"]], runs: "by hand" },
  { program: "apk", commands: [["apk", "add", "redis"]], runs: "by hand" },
  { program: "pacman", commands: [["pacman", "-S", "--noconfirm", "redis"]], runs: "by hand" },
];

/** `null` when this system has none that is known. */
export function redisInstallation(isRoot: boolean): Installation | null {
  const manager = MANAGERS.find(({ program }) => findProgram(program) !== null);
  if (manager === undefined) return null;
  const needsSudo = manager.runs !== "user" && !isRoot;
  const text = manager.commands
    .map((command) => `${needsSudo ? "sudo " : ""}${command.join(" ")}`)
    .join(" && ");
  const mayRun = manager.runs === "root" ? isRoot : manager.runs === "user" && !isRoot;
  return { text, commands: mayRun ? manager.commands : [] };
}

/** Runs the commands with their output shown. Returns whether all of them succeeded. */
export async function install({ commands }: Installation): Promise<boolean> {
  for (const [program, ...args] of commands) {
    const isDone = await new Promise<boolean>((resolve) => {
      const child = spawn(program, args, {
        // Their output is progress, not the result of the command that needed them.
        stdio: ["ignore", process.stderr, process.stderr],
        env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
      });
      child.once("error", () => resolve(false));
      child.once("exit", (code) => resolve(code === 0));
    });
    if (!isDone) return false;
  }
  return commands.length > 0;
}
