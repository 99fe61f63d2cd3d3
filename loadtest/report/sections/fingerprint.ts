import type { Run } from "../../run-file/schema.ts";
import { percent, whole } from "../format.ts";
import { element, type Markup } from "../markup.ts";
import { paragraph, section, table } from "./table.ts";

/** Where and with what the run was made, and how to make it and this page again. */
export function fingerprintSection(run: Run): Markup {
  const { fingerprint: print, measurements } = run;
  const vus = [...new Set(measurements.map((one) => one.vus))].join(", ");
  const commit = print.commit === null ? "unknown" : print.commit.slice(0, 12);
  const rows: string[][] = [
    ["Run", run.id],
    ["Started", run.startedAt],
    ["Target", run.target.name],
    ["Commit", `${commit}${print.dirty ? " with local changes" : ""}`],
    ["Callers at once", vus],
    ["Seed", String(run.seed)],
    ["Processor", `${print.cpuModel}, ${print.cpus} CPUs`],
    ["Memory", `${whole(print.memoryMib)} MiB`],
    ["System", `${print.os} ${print.kernel}`],
    ["Calibration loop", `${print.calibrationMs} ms`],
    [
      "Machine busy before the run",
      print.busyBefore === null ? "unknown" : percent(print.busyBefore),
    ],
    ["Lockfile", print.lockfileSha256?.slice(0, 16) ?? "unknown"],
    ...Object.entries(print.versions).map(([name, version]) => [name, version]),
  ];
  return section(
    "fingerprint",
    "Where these numbers come from",
    table("Machine, versions, run", [{ name: "What" }, { name: "Value" }], rows),
    paragraph(
      "Rebuild this page, byte for byte: ",
      element("code", {}, "npx node loadtest/report.ts <folder>/run.json"),
    ),
  );
}
