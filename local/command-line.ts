/**
 * @module
 * One way for every script of this project to read its arguments: `--help` everywhere, an unknown option is
 * answered with the nearest right one and exit code 2.
 */
import { parseArgs } from "node:util";

interface OptionBase {
  readonly help: string;
  /** One letter. */
  readonly short?: string;
}

export type OptionSpec = OptionBase &
  (
    | { readonly kind: "flag" }
    | { readonly kind: "text"; readonly value: string; readonly default?: string }
    | { readonly kind: "number"; readonly value: string; readonly default?: number }
  );

export interface CommandSpec<Options extends Readonly<Record<string, OptionSpec>>> {
  /** As a person types it: `npm start`. */
  readonly usage: string;
  readonly summary: string;
  readonly options: Options;
  /** Names the arguments that are not options; absent: there are none. */
  readonly operands?: { readonly name: string; readonly help: string };
  /** What the arguments after `--` are for; absent: there are none. */
  readonly passedOn?: string;
  readonly more?: string;
}

type ValueOf<Spec extends OptionSpec> = Spec["kind"] extends "flag"
  ? boolean
  : Spec["kind"] extends "number"
    ? Spec extends { default: number }
      ? number
      : number | null
    : Spec extends { default: string }
      ? string
      : string | null;

export interface Parsed<Options extends Readonly<Record<string, OptionSpec>>> {
  readonly options: { readonly [Name in keyof Options]: ValueOf<Options[Name]> };
  readonly operands: readonly string[];
  readonly passedOn: readonly string[];
}

export type ParseOutcome<Options extends Readonly<Record<string, OptionSpec>>> =
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "wrong"; readonly message: string }
  | ({ readonly kind: "run" } & Parsed<Options>);

/** Exit code of a command that was called with wrong arguments. */
const EXIT_USAGE = 2;

/** Parses the arguments of this process; prints help or what is wrong and exits where there is nothing to run. */
export function readCommandLine<const Options extends Readonly<Record<string, OptionSpec>>>(
  command: CommandSpec<Options>,
  argv: readonly string[] = process.argv.slice(2),
): Parsed<Options> {
  // A reader that has seen enough (`| head`) is no failure.
  process.stdout.on("error", () => undefined);
  const outcome = parseCommandLine(command, argv);
  if (outcome.kind === "run") return outcome;
  if (outcome.kind === "help") {
    process.stdout.write(outcome.text);
    process.exit(0);
  }
  process.stderr.write(`${outcome.message}\nSee: ${command.usage} -- --help\n`);
  process.exit(EXIT_USAGE);
}

export function parseCommandLine<const Options extends Readonly<Record<string, OptionSpec>>>(
  command: CommandSpec<Options>,
  argv: readonly string[],
): ParseOutcome<Options> {
  const split = command.passedOn === undefined ? -1 : argv.indexOf("--");
  const own = split === -1 ? argv : argv.slice(0, split);
  const passedOn = split === -1 ? [] : argv.slice(split + 1);
  if (own.includes("--help") || own.includes("-h"))
    return { kind: "help", text: helpText(command) };
  const { tokens } = parseArgs({
    args: [...own],
    options: Object.fromEntries(
      Object.entries(command.options).map(([name, spec]) => [
        name,
        {
          type: spec.kind === "flag" ? ("boolean" as const) : ("string" as const),
          ...(spec.short === undefined ? {} : { short: spec.short }),
        },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: Record<string, unknown> = defaults(command.options);
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const read = readOption(
      command.options,
      token.name,
      token.rawName,
      token.value,
      token.inlineValue,
    );
    if (read.kind === "wrong") return read;
    values[token.name] = read.value;
  }
  const [operand] = operands;
  if (operand !== undefined && command.operands === undefined) {
    return { kind: "wrong", message: `Unexpected argument "${operand}".` };
  }
  return { kind: "run", options: values as Parsed<Options>["options"], operands, passedOn };
}

function defaults(options: Readonly<Record<string, OptionSpec>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([name, spec]) => [
      name,
      spec.kind === "flag" ? false : (spec.default ?? null),
    ]),
  );
}

type ReadOption =
  | { readonly kind: "read"; readonly value: string | number | boolean }
  | { readonly kind: "wrong"; readonly message: string };

function readOption(
  options: Readonly<Record<string, OptionSpec>>,
  name: string,
  rawName: string,
  value: string | undefined,
  isInline: boolean | undefined,
): ReadOption {
  const spec = Object.hasOwn(options, name) ? options[name] : undefined;
  if (spec === undefined) {
    const near = nearest(name, Object.keys(options));
    const hint = near === null ? "" : ` Did you mean --${near}?`;
    return { kind: "wrong", message: `Unknown option ${rawName}.${hint}` };
  }
  if (spec.kind === "flag") {
    if (isInline) return { kind: "wrong", message: `${rawName} takes no value.` };
    return { kind: "read", value: true };
  }
  if (value === undefined || value === "" || (!isInline && value.startsWith("-"))) {
    return { kind: "wrong", message: `${rawName} needs a value: ${rawName} ${spec.value}` };
  }
  if (spec.kind === "text") return { kind: "read", value };
  if (!/^\d{1,15}$/.test(value)) {
    return { kind: "wrong", message: `${rawName} needs a whole number, got "${value}".` };
  }
  return { kind: "read", value: Number(value) };
}

/** The name at the smallest edit distance, if it is near enough to be what was meant. */
export function nearest(name: string, names: readonly string[]): string | null {
  const ranked = names
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  if (best === undefined) return null;
  return best.distance <= Math.max(2, Math.floor(name.length / 2)) ? best.candidate : null;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function helpText(command: CommandSpec<Readonly<Record<string, OptionSpec>>>): string {
  const rows = Object.entries(command.options).map(([name, spec]) => {
    const short = spec.short === undefined ? "" : `-${spec.short}, `;
    const left = `${short}--${name}${spec.kind === "flag" ? "" : ` ${spec.value}`}`;
    const fallback =
      spec.kind === "flag" || spec.default === undefined ? "" : ` (default ${spec.default})`;
    return { left, right: `${spec.help}${fallback}` };
  });
  rows.push({ left: "-h, --help", right: "this text" });
  if (command.operands) rows.unshift({ left: command.operands.name, right: command.operands.help });
  if (command.passedOn !== undefined) rows.push({ left: "-- …", right: command.passedOn });
  const width = Math.max(...rows.map(({ left }) => left.length));
  const lines = rows.map(({ left, right }) => `  ${left.padEnd(width)}  ${right}`);
  const operands = command.operands === undefined ? "" : ` [${command.operands.name}]`;
  const more = command.more === undefined ? "" : `\n${command.more.trimEnd()}\n`;
  return `${command.summary}\n\nUsage: ${command.usage} [-- options]${operands}\n\n${lines.join("\n")}\n${more}`;
}
