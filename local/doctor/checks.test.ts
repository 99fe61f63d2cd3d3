import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { freeBases } from "../testing/started-stack.ts";
import { examine, nodeFinding } from "./checks.ts";

const ROOT = join(import.meta.dirname, "..", "..");

describe("the doctor", () => {
  it("finds nothing to mend where the tests run, and names a folder that is not there yet", async ({
    expect,
  }) => {
    const dir = mkdtempSync(join(tmpdir(), "checks-"));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const dataDir = join(dir, "not", "there");
    const findings = await examine({ root: ROOT, dataDir, bases: await freeBases() });
    expect(findings.map(({ subject }) => subject)).toEqual([
      "Node.js",
      "redis-server",
      "ports",
      "data folder",
      "disk",
      "k6",
    ]);
    expect(findings.filter(({ grade }) => grade === "missing")).toEqual([]);
  });

  it("names a port in use and the command that avoids it", async ({ expect }) => {
    const bases = await freeBases();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(bases.port, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const findings = await examine({ root: ROOT, dataDir: tmpdir(), bases });
    expect(findings.find(({ subject }) => subject === "ports")).toEqual({
      subject: "ports",
      grade: "missing",
      detail: `Port ${bases.port} (the Worker) is in use; --port moves it.`,
      mend: `npm start -- --port ${bases.port + 100}`,
    });
  });

  it.for([
    ["v20.20.2", "missing"],
    ["v22.11.0", "missing"],
    ["v22.12.0", "fine"],
    ["v24.21.0", "fine"],
  ] as const)("calls Node %s %s", ([version, grade], { expect }) => {
    expect(nodeFinding(version).grade).toBe(grade);
  });
});
