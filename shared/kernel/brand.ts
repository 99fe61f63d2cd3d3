/**
 * A nominal type over a primitive. The brand exists only for the compiler: it stops a board name
 * from being passed where a member is wanted, and costs nothing at run time.
 */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

declare const brand: unique symbol;
