import { describe, it } from "vitest";
import { type Read, violations, type Write } from "./history.ts";

const wrote = (version: number, startedAt: number, acknowledgedAt: number | null): Write => ({
  version,
  value: `"${version}"`,
  startedAt,
  acknowledgedAt,
});
const read = (version: number | null, startedAt: number, endedAt: number): Read => ({
  version,
  value: version === null ? null : `"${version}"`,
  startedAt,
  endedAt,
});

describe("history of an item", () => {
  it("keeps the promise when every read sees the last acknowledged write or a newer one", ({
    expect,
  }) => {
    const writes = [wrote(1, 1, 2), wrote(2, 3, 6)];
    const reads = [read(1, 3, 4), read(2, 4, 5), read(1, 5, 7), read(2, 7, 8)];
    expect(violations(writes, reads)).toEqual([]);
  });

  it("breaks it with a read that is older than a write acknowledged before it", ({ expect }) => {
    const writes = [wrote(1, 1, 2), wrote(2, 3, 4)];
    expect(violations(writes, [read(1, 5, 6)])).toEqual([
      "read version 1 after 2 was acknowledged",
    ]);
  });

  it("lets a write be seen or not while it is not acknowledged", ({ expect }) => {
    const writes = [wrote(1, 1, 2), wrote(2, 3, null)];
    expect(violations(writes, [read(1, 4, 5), read(2, 5, 6), read(1, 6, 7)])).toEqual([]);
  });

  it("breaks it with a value that nobody wrote, or not yet, or under another version", ({
    expect,
  }) => {
    const writes = [wrote(1, 1, 2), wrote(2, 5, 6)];
    const strange = { ...read(1, 3, 4), value: '"2"' };
    const broken = violations(writes, [read(3, 3, 4), read(2, 3, 4), strange]);
    expect(broken.map((text) => text.replace(/^.*, /, ""))).toEqual(
      Array(3).fill("which nobody wrote"),
    );
  });

  it("takes an absence for the last deletion, or for the time before the first write", ({
    expect,
  }) => {
    const deletion = { ...wrote(2, 3, 4), value: null };
    expect(violations([], [read(null, 1, 2)])).toEqual([]);
    expect(violations([wrote(1, 1, 2), deletion], [read(null, 5, 6)])).toEqual([]);
    expect(violations([wrote(1, 1, 2), deletion, wrote(3, 5, 6)], [read(null, 7, 8)])).toEqual([
      "read version 2 after 3 was acknowledged",
    ]);
    expect(violations([wrote(1, 1, 2)], [read(null, 3, 4)])).toHaveLength(1);
  });
});
