import { describe, it } from "vitest";
import { refusalOf } from "./connection-string.ts";

const asked = (connectionString: string | undefined, authorization?: string) =>
  refusalOf({ connectionString, authorization }, "s3:cr@t");

describe("refusalOf", () => {
  it("lets in who has the password, whatever host, user and database are", ({ expect }) => {
    for (const text of [
      "postgres://u:s3%3Acr%40t@127.0.0.1:4444/db",
      "postgresql://neondb_owner:s3%3Acr%40t@ep-x-123.eu-central-1.aws.neon.tech/neondb?sslmode=require",
      "postgresql://a%20b:s3%3Acr%40t@[::1]/d%2Fb",
    ]) {
      expect(asked(text), text).toBe(null);
    }
  });

  it("says what is wrong in Neon's words", ({ expect }) => {
    const refusals = [
      [undefined, "invalid header: neon-connection-string"],
      ["nonsense", "invalid connection string: relative URL without a base"],
      ["http://u:p@h/d", "incorrect scheme"],
      ["postgres://u:p@h", "invalid database name"],
      ["postgres://u:p@h/", "invalid database name"],
      ["postgres://h/d", "missing username"],
      ["postgres://:p@h/d", "missing username"],
      ["postgres://%E0%A4%A:p@h/d", "invalid username: incomplete utf-8 byte sequence"],
      ["postgres://u@h/d", "missing authentication credentials: required password"],
      ["postgres://u:wrong@h/d", "password authentication failed for user 'u'"],
      ["postgres://u:s3%3Acr%40@h/d", "password authentication failed for user 'u'"],
    ] as const;
    for (const [text, message] of refusals) expect(asked(text), text).toBe(message);
  });

  it("wants no token beside the password", ({ expect }) => {
    expect(asked("postgres://u:s3%3Acr%40t@h/d", "Bearer abc")).toBe(
      "missing authentication credentials: required password",
    );
  });
});
