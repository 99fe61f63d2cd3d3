/** Where a key lives. `node` is null for the stores that are not one of several equal nodes. */
export interface KeySpace {
  /** Separates deployments that share a store. */
  readonly instance: string;
  readonly pattern: string;
  readonly node: string | null;
  readonly tenant: string;
}

/**
 * `{instance}:{pattern}:{node or -}:{tenant}:{parts…}`, each component percent-encoded. Injective: no two
 * lists of components share a key, because an encoded component holds no colon and is `-` only for itself.
 *
 * @throws URIError when a component is not well-formed Unicode; callers validate names first.
 */
export function storeKey(space: KeySpace, ...parts: readonly string[]): string {
  const node = space.node === null ? "-" : component(space.node).replace(/^-$/, "%2D");
  const path = parts.map((part) => `:${component(part)}`).join("");
  return `${component(space.instance)}:${component(space.pattern)}:${node}:${component(space.tenant)}${path}`;
}

const PLAIN = /^[A-Za-z0-9._~-]*$/;

function component(text: string): string {
  return PLAIN.test(text) ? text : encodeURIComponent(text);
}
