import { type Child, element, type Markup } from "../markup.ts";

export interface Column {
  readonly name: string;
  /** Numbers stand at the right. */
  readonly isNumber?: boolean;
}

export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Child[])[],
): Markup {
  const cellClass = (place: number) => (columns[place]?.isNumber ? "number" : undefined);
  return element(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    element(
      "table",
      {},
      element("caption", {}, caption),
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          ...columns.map(({ name }, place) =>
            element("th", { scope: "col", class: cellClass(place) }, name),
          ),
        ),
      ),
      element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cellsOf(cells, cellClass)))),
    ),
  );
}

const cellsOf = (
  cells: readonly Child[],
  cellClass: (place: number) => string | undefined,
): Markup[] =>
  cells.map((cell, place) =>
    place === 0
      ? element("th", { scope: "row" }, cell)
      : element("td", { class: cellClass(place) }, cell),
  );

export const section = (id: string, title: string, ...content: Child[]): Markup =>
  element("section", { id }, element("h2", {}, title), ...content);

export const paragraph = (...content: Child[]): Markup => element("p", {}, ...content);

export const list = (items: readonly Child[]): Markup =>
  element("ul", {}, ...items.map((item) => element("li", {}, item)));
