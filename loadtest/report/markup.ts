/**
 * @module
 * Markup as strings, the same for SVG and HTML. Text and attribute values are escaped here and nowhere
 * else, so a name from a run file can never become markup.
 */

/** Markup that is already safe; the only way to get one is through `element`, `text` or `join`. */
export interface Markup {
  readonly markup: string;
}

export type Attributes = Readonly<Record<string, string | number | undefined>>;
export type Child = Markup | string | number | null;

export const escaped = (raw: string | number): string =>
  String(raw)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

/** Strings and numbers among the children are text; attributes that are `undefined` are left out. */
export function element(name: string, attributes: Attributes = {}, ...children: Child[]): Markup {
  const list = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) =>
        ` ${key}="${escaped(typeof value === "number" ? short(value) : (value ?? ""))}"`,
    )
    .join("");
  const content = join(children).markup;
  const isEmpty = content === "" && (VOID_ELEMENTS.has(name) || SVG_SHAPES.has(name));
  return { markup: isEmpty ? `<${name}${list}/>` : `<${name}${list}>${content}</${name}>` };
}

export function join(children: readonly Child[], separator = ""): Markup {
  const parts = children.flatMap((child) => {
    if (child === null) return [];
    return typeof child === "object" ? child.markup : escaped(child);
  });
  return { markup: parts.join(separator) };
}

/** Text of our own that is markup already: a style sheet. Never for data. */
export const trusted = (markup: string): Markup => ({ markup });

/** Coordinates with two decimals at most: half the size, and the same bytes on every machine. */
const short = (value: number): string => String(Math.round(value * 100) / 100);

const VOID_ELEMENTS = new Set(["meta", "br", "hr", "img"]);
const SVG_SHAPES = new Set(["rect", "circle", "line", "path", "polyline", "polygon", "use"]);
