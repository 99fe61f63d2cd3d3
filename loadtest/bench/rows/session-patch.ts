import type { BenchRow } from "../row.ts";
import { beginSessions, FIELDS } from "../sessions.ts";

/** Every patch changes a field: its value is the number of the request. */
export const row: BenchRow = {
  id: "session-patch",
  pattern: "session-store",
  title: "change a field of a session",
  trips: 1,
  obtain: beginSessions,
  request: (_, index, cookies = []) => ({
    method: "PATCH",
    path: "/session-store/session",
    headers: {
      "content-type": "application/json",
      cookie: cookies[index % cookies.length] ?? "",
    },
    body: JSON.stringify({ set: { [`field-${index % FIELDS}`]: index } }),
  }),
  isRight({ status, text }) {
    const body: { readonly version?: unknown } = JSON.parse(text);
    return status === 200 && Number(body.version) > 1;
  },
};
