/**
 * @module
 * What the processes used, one bar a load, one colour a process; the sum and a detail stand beside it.
 */
import type { TierId } from "../../protocol/tiers.ts";
import { ROLES, type Role } from "../../run-file/schema.ts";
import { compact, whole } from "../format.ts";
import { type Child, element, join, type Markup } from "../markup.ts";
import { linearScale } from "../scale.ts";
import { roleClass } from "../theme.ts";
import { bottomAxis, type Chart, frame, HEAD, label, legend, NAMES, WIDTH } from "./frame.ts";

const BAR = 15;
const BAR_GAP = 4;
const ROW_GAP = 14;
const LOADS = 52;
const NUMBERS = 152;

const ROLE_NAMES: Readonly<Record<Role, string>> = {
  worker: "Worker (workerd)",
  gateway: "redis-http",
  redis: "redis-server",
  postgres: "Postgres",
  generator: "k6",
  lab: "lab",
  supervisor: "supervisor",
};

export interface StackedBar {
  readonly tier: TierId;
  readonly requests: number;
  readonly parts: ReadonlyMap<Role, number>;
  /** Beside the sum. */
  readonly detail: string;
}

export interface StackedRow {
  readonly name: string;
  readonly bars: readonly StackedBar[];
}

export interface StackedBars {
  readonly id: string;
  readonly title: string;
  readonly note: string;
  readonly unit: string;
  readonly rows: readonly StackedRow[];
}

export function stackedBars({ id, title, note, unit, rows }: StackedBars): Chart {
  const bars = rows.flatMap((row) => row.bars);
  const roles = ROLES.filter((role) => bars.some((bar) => (bar.parts.get(role) ?? 0) > 0));
  const scale = linearScale(Math.max(0, ...bars.map(total)), {
    from: NAMES + LOADS,
    to: WIDTH - NUMBERS,
  });
  let y = HEAD + 6;
  const content: Markup[] = [];
  for (const row of rows) {
    content.push(rowMarkup(row, y, roles, scale.at, unit));
    y += rowHeight(row) + ROW_GAP;
  }
  const bottom = y - ROW_GAP + 6;
  return frame(
    { id, title, note, description: describe(rows, roles, unit), height: bottom + 38 },
    legend(roles.map((role) => ({ name: ROLE_NAMES[role], className: roleClass(role) }))),
    bottomAxis(scale, HEAD - 2, bottom, unit),
    ...content,
  );
}

const total = (bar: StackedBar): number =>
  [...bar.parts.values()].reduce((sum, part) => sum + part, 0);

const rowHeight = (row: StackedRow): number => Math.max(1, row.bars.length) * (BAR + BAR_GAP);

function rowMarkup(
  row: StackedRow,
  y: number,
  roles: readonly Role[],
  at: (value: number) => number,
  unit: string,
): Markup {
  const children: Child[] = [
    label(NAMES - 12, y + rowHeight(row) / 2 + 2, row.name, "label", "end"),
  ];
  for (const [place, bar] of row.bars.entries()) {
    const top = y + place * (BAR + BAR_GAP);
    children.push(label(NAMES + LOADS - 8, top + BAR - 3.5, whole(bar.requests), "tick", "end"));
    let from = 0;
    for (const role of roles) {
      const part = bar.parts.get(role) ?? 0;
      const x = at(from);
      from += part;
      children.push(
        element(
          "rect",
          { x, y: top, width: Math.max(0, at(from) - x), height: BAR, class: roleClass(role) },
          element("title", {}, `${ROLE_NAMES[role]}: ${compact(part)} ${unit}`),
        ),
      );
    }
    children.push(
      label(at(from) + 8, top + BAR - 3.5, `${compact(from)} ${unit}${bar.detail}`, "tick"),
    );
  }
  return join(children);
}

function describe(rows: readonly StackedRow[], roles: readonly Role[], unit: string): string {
  return rows
    .flatMap(({ name, bars }) =>
      bars.map((bar) => {
        const parts = roles.map(
          (role) => `${ROLE_NAMES[role]} ${compact(bar.parts.get(role) ?? 0)}`,
        );
        return `${name} at ${whole(bar.requests)} requests: ${compact(total(bar))} ${unit} (${parts.join(", ")}).`;
      }),
    )
    .join(" ");
}
