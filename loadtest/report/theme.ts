/**
 * @module
 * Colours and lettering of the page and its charts, light and dark. The charts carry the same style sheet
 * when they are written as files of their own.
 */

import type { TierId } from "../protocol/tiers.ts";
import type { Role } from "../run-file/schema.ts";

/** Ten hues that stay apart in common colour blindness; charts add a shape or a label to each. */
const SERIES_LIGHT = [
  "#0b67a8",
  "#c2500a",
  "#0a7f5c",
  "#a8437f",
  "#6a4fb0",
  "#8a6500",
  "#2b8fb8",
  "#a03030",
  "#4d7a1f",
  "#555f6b",
];
const SERIES_DARK = [
  "#5eb0ef",
  "#ff9d5c",
  "#3fcf9f",
  "#f08fc4",
  "#ab97f0",
  "#e0b84a",
  "#6fd3f0",
  "#ff8f85",
  "#a6d46a",
  "#b3bcc6",
];

const SERIES_COUNT = SERIES_LIGHT.length;

export const TIER_CLASS: Readonly<Record<TierId, string>> = {
  light: "tier-light",
  medium: "tier-medium",
  heavy: "tier-heavy",
};

export const roleClass = (role: Role): string => `role-${role}`;
export const seriesClass = (place: number): string => `s${place % SERIES_COUNT}`;

interface Palette {
  readonly ink: string;
  readonly soft: string;
  readonly grid: string;
  readonly paper: string;
  readonly panel: string;
  readonly good: string;
  readonly bad: string;
  readonly band: string;
  readonly tiers: readonly [string, string, string];
  readonly roles: Readonly<Record<Role, string>>;
  readonly series: readonly string[];
}

const LIGHT: Palette = {
  ink: "#1c2128",
  soft: "#57606a",
  grid: "#dfe3e8",
  paper: "#ffffff",
  panel: "#f6f8fa",
  good: "#116329",
  bad: "#b3261e",
  band: "#f0c36d",
  tiers: ["#a5cdea", "#4b93c8", "#124e80"],
  roles: {
    worker: "#0b67a8",
    gateway: "#6bb3e0",
    redis: "#c2500a",
    postgres: "#0a7f5c",
    generator: "#a9b1ba",
    lab: "#cfd5db",
    supervisor: "#e3e7eb",
  },
  series: SERIES_LIGHT,
};

const DARK: Palette = {
  ink: "#e6edf3",
  soft: "#9aa5b1",
  grid: "#30363d",
  paper: "#0d1117",
  panel: "#161b22",
  good: "#56d364",
  bad: "#ff7b72",
  band: "#8a6a1f",
  tiers: ["#c3e0f5", "#5aa6de", "#2668a3"],
  roles: {
    worker: "#5eb0ef",
    gateway: "#2a6f9f",
    redis: "#ff9d5c",
    postgres: "#3fcf9f",
    generator: "#6e7781",
    lab: "#4b535c",
    supervisor: "#363d45",
  },
  series: SERIES_DARK,
};

function variables({ tiers, roles, series, ...rest }: Palette): string {
  const named = Object.entries(rest).map(([name, value]) => `--${name}:${value}`);
  const [light, medium, heavy] = tiers;
  return [
    ...named,
    `--tier-light:${light};--tier-medium:${medium};--tier-heavy:${heavy}`,
    ...Object.entries(roles).map(([role, value]) => `--role-${role}:${value}`),
    ...series.map((value, place) => `--s${place}:${value}`),
  ].join(";");
}

const fills = [
  ...Object.values(TIER_CLASS).map((name) => `.${name}{fill:var(--${name})}`),
  ...Object.keys(LIGHT.roles).map((role) => `.role-${role}{fill:var(--role-${role})}`),
  ...SERIES_LIGHT.map((_, place) => `.s${place}{fill:var(--s${place});stroke:var(--s${place})}`),
].join("");

/** For the root of the page, and for the root of a chart in its own file. */
export const themeCss = (root: string): string =>
  `${root}{${variables(LIGHT)};color-scheme:light dark}@media(prefers-color-scheme:dark){${root}{${variables(DARK)}}}`;

export const chartCss = [
  "svg.chart{font:12px system-ui,sans-serif;fill:var(--ink);background:var(--paper)}",
  "svg.chart text{stroke:none}",
  ".title{font-size:15px;font-weight:600}",
  ".note,.tick{fill:var(--soft);font-size:11px}",
  ".label{fill:var(--ink)}",
  ".strong{font-weight:600}",
  ".grid{stroke:var(--grid);stroke-width:1}",
  ".axis{stroke:var(--soft);stroke-width:1}",
  ".whisker{stroke:var(--ink);stroke-width:1.2;fill:none}",
  ".halo{stroke:var(--paper);stroke-width:3.5;fill:none;opacity:.65}",
  ".band{fill:var(--band);opacity:.35}",
  fills,
  // After the colours: a line is no area.
  ".line{fill:none;stroke-width:2}",
  ".thin{stroke-width:1.2}",
  ".area{stroke:none;opacity:.25}",
].join("");
