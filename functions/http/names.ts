import * as z from "zod";

/**
 * A name a caller gives (board, member, id, …): 1 to 128 characters of `A-Z a-z 0-9 . _ ~ : @ -`, and not
 * `.` or `..`, which URL parsers fold away.
 */
export const Name = z
  .string()
  .regex(/^[A-Za-z0-9._~:@-]{1,128}$/, "must be 1 to 128 characters of A-Z a-z 0-9 . _ ~ : @ -")
  .refine((name) => name !== "." && name !== "..", "must not be . or ..")
  .meta({ description: "1 to 128 characters of `A-Z a-z 0-9 . _ ~ : @ -`, not `.` or `..`" });

/** An integer in a query string, within bounds. */
export function queryInteger({ min, max }: { readonly min: number; readonly max: number }) {
  return z
    .string()
    .regex(/^-?\d{1,16}$/, "must be an integer")
    .transform(Number)
    .pipe(z.int().min(min).max(max));
}
