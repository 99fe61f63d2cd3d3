/** A command's argument: text goes out as UTF-8, bytes as they are. */
export type Arg = string | Buffer;

export interface Command {
  /** Upper case. */
  readonly name: string;
  /** As the client wrote it, where that may differ: Redis repeats a name it does not know. */
  readonly written?: string;
  readonly args: readonly Arg[];
}

/** Whether it runs Lua: a script or a function. */
export function runsScript({ name }: Command): boolean {
  return name.startsWith("EVAL") || name.startsWith("FCALL");
}

/** The argument at `index` as upper-case text; "" when there is none. For keywords, not for values. */
export function keyword({ args }: Command, index: number): string {
  return args[index]?.toString().toUpperCase() ?? "";
}
