import type { BenchRow } from "../row.ts";
import { beginSessions, FIELDS } from "../sessions.ts";

export const row: BenchRow = {
  id: "session-read",
  pattern: "session-store",
  title: "read a session",
  trips: 1,
  obtain: beginSessions,
  request: (_, index, cookies = []) => ({
    method: "GET",
    path: "/session-store/session",
    headers: { cookie: cookies[index % cookies.length] ?? "" },
  }),
  isRight({ status, text }) {
    const body: { readonly data?: object; readonly cart?: Record<string, number> } =
      JSON.parse(text);
    const fields = Object.keys(body.data ?? {});
    return status === 200 && fields.length === FIELDS && body.cart?.["article-4"] === 5;
  },
};
