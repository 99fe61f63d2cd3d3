/**
 * @module
 * Was a score written as a whole number, or only rounded to one when it was read?
 *
 * A double holds no 9007199254740990.5 and no 1e-400: JSON.parse makes whole numbers of them. So where a
 * body holds a number with a fraction or an exponent, its text is looked at as well.
 */

/** The reviver's third argument (ECMA-262, JSON.parse source text access). */
interface Source {
  readonly source?: string;
}

const FRACTION_OR_EXPONENT = /\d[.eE]/;

/**
 * Positions among the submissions, from 0, of scores that are no whole numbers as they were written.
 *
 * @param bodyText one submission, or an object with a list of them as `scores`; already known to be one
 */
export function brokenScores(bodyText: string): number[] {
  if (!FRACTION_OR_EXPONENT.test(bodyText)) return [];
  const written = new Map<unknown, string>();
  const body = JSON.parse(bodyText, function (this: unknown, key, value: unknown, at?: Source) {
    if (key === "score" && at?.source !== undefined) written.set(this, at.source);
    return value;
  }) as { readonly scores?: readonly unknown[] };
  const submissions = body.scores ?? [body];
  return submissions.flatMap((submission, which) =>
    isWhole(written.get(submission) ?? "0") ? [] : [which],
  );
}

/** Whether a JSON number, however it is written, is an integer. */
export function isWhole(number: string): boolean {
  const [, whole = "", fraction = "", exponent = "0"] =
    /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(number) ?? [];
  const digits = (whole + fraction).replace(/0+$/, "");
  const trailingZeros = whole.length + fraction.length - digits.length;
  return digits === "" || Number(exponent) + trailingZeros >= fraction.length;
}
