import { describe } from "vitest";
import { sqlDatabaseContract } from "./contract.ts";
import { temporaryPglite } from "./pglite-fixture.ts";

describe("SqlDatabase over PGlite", () => {
  sqlDatabaseContract({ slots: 1, open: temporaryPglite });
});
