import * as z from "zod";

const NAME = /^(?!\.{1,2}$)[A-Za-z0-9._~:@-]{1,128}$/;
const BAD_NAME = "isBadName";

/**
 * A name a caller gives (board, member, id, …): 1 to 128 characters of `A-Z a-z 0-9 . _ ~ : @ -`, and not
 * `.` or `..`, which URL parsers fold away.
 */
export const Name = z
  .string()
  .refine((name) => NAME.test(name), {
    error: "must be 1 to 128 characters of A-Z a-z 0-9 . _ ~ : @ -, and not . or ..",
    params: { [BAD_NAME]: true },
  })
  .meta({
    description: "1 to 128 characters of `A-Z a-z 0-9 . _ ~ : @ -`, not `.` or `..`",
    pattern: NAME.source,
  });

/** Whether what is wrong is a name, and nothing else. */
export function isBadName(error: z.ZodError): boolean {
  return error.issues.every((issue) => issue.code === "custom" && issue.params?.[BAD_NAME]);
}

/** An integer in a query string, within bounds. */
export function queryInteger({ min, max }: { readonly min: number; readonly max: number }) {
  return z
    .string()
    .regex(/^-?\d{1,16}$/, "must be an integer")
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .meta({
      override: ({ jsonSchema }) => {
        delete jsonSchema.pattern;
        Object.assign(jsonSchema, { type: "integer", minimum: min, maximum: max });
      },
    });
}
