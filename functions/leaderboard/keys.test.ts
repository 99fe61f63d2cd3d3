import fc from "fast-check";
import { describe, it } from "vitest";
import { boardKeys } from "./keys.ts";

const space = { instance: "local", tenant: "acme" };
const someName = fc.stringMatching(/^[A-Za-z0-9._~:@-]{1,12}$/);

const all = (tenant: string, board: string) => {
  const keys = boardKeys({ ...space, tenant }, board);
  const { metadata, members, sequence } = keys;
  return [keys.board, metadata, members, sequence, keys.ranking("all"), keys.operation("worker-x")];
};

describe("keys of a board", () => {
  it("are written out", ({ expect }) => {
    expect(all("acme", "level:1")).toEqual([
      "local:leaderboard:-:acme:level%3A1:board",
      "local:leaderboard:-:acme:level%3A1:metadata",
      "local:leaderboard:-:acme:level%3A1:members",
      "local:leaderboard:-:acme:level%3A1:sequence",
      "local:leaderboard:-:acme:level%3A1:ranking:all",
      "local:leaderboard:-:acme:level%3A1:operation:worker-x",
    ]);
  });

  it("are shared by no two boards and no two tenants", ({ expect }) => {
    fc.assert(
      fc.property(someName, someName, someName, someName, (tenant, board, tenant2, board2) => {
        fc.pre(tenant !== tenant2 || board !== board2);
        const mine = new Set(all(tenant, board));
        expect(all(tenant2, board2).filter((key) => mine.has(key))).toEqual([]);
      }),
    );
  });
});
