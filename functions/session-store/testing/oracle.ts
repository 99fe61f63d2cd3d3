/**
 * @module
 * What the sessions of one user should be, by the simplest means: one object for each, changed in place, and a
 * list of the tokens that open it.
 */
interface OracleSession {
  readonly fields: Map<string, string>;
  readonly cart: Map<string, number>;
  version: number;
  /** Cookies that open it; the last is the present one. */
  cookies: string[];
  isOver: boolean;
}

export function createOracle(bounds: { readonly predecessors: number }) {
  const sessions: OracleSession[] = [];
  const of = (cookie: string) =>
    sessions.find((session) => !session.isOver && session.cookies.includes(cookie)) ?? null;
  return {
    of,
    live: () => sessions.filter((session) => !session.isOver),
    begin(cookie: string) {
      const session: OracleSession = {
        fields: new Map(),
        cart: new Map(),
        version: 1,
        cookies: [cookie],
        isOver: false,
      };
      sessions.push(session);
    },
    set(cookie: string, field: string, value: string) {
      const session = of(cookie);
      if (session === null) return;
      if (session.fields.get(field) !== value) session.version += 1;
      session.fields.set(field, value);
    },
    unset(cookie: string, field: string) {
      const session = of(cookie);
      if (session?.fields.delete(field)) session.version += 1;
    },
    add(cookie: string, sku: string, quantity: number) {
      const session = of(cookie);
      if (session === null) return;
      session.cart.set(sku, (session.cart.get(sku) ?? 0) + quantity);
      session.version += 1;
    },
    /** `next` is what the rotation gave. */
    rotate(cookie: string, next: string, isLogin: boolean) {
      const session = of(cookie);
      if (session === null || session.cookies.includes(next)) return;
      session.cookies.push(next);
      session.cookies = session.cookies.slice(isLogin ? -1 : -1 - bounds.predecessors);
    },
    end(cookie: string) {
      const session = of(cookie);
      if (session !== null) session.isOver = true;
    },
    /** `fresh` is the cookie that was given instead of one that had a successor. */
    endOthers(cookie: string, fresh: string | null) {
      const mine = of(cookie);
      if (mine === null) return 0;
      const others = sessions.filter((session) => session !== mine && !session.isOver);
      for (const other of others) other.isOver = true;
      mine.cookies = [fresh ?? cookie];
      return others.length;
    },
  };
}
