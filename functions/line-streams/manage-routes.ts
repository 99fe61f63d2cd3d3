/**
 * @module
 * HTTP face of what operators do: look into a topic, take work from consumers, see to dead letters, delete.
 */
import { Hono } from "hono";
import type { AppEnv } from "../http/app-env.ts";
import { endpoint } from "../http/endpoint.ts";
import { readLetters, redriveAll, redriveIds } from "./dead-letters.ts";
import {
  DEAD_LETTERS,
  DELETE_GROUP,
  DELETE_TOPIC,
  PENDING,
  REASSIGN,
  REDRIVE,
  REMOVE_CONSUMER,
  STATS,
} from "./endpoints.ts";
import { messageId, placeOf } from "./message-id.ts";
import { letterText } from "./message-text.ts";
import { placeOfCursor, readPending } from "./pending.ts";
import { badCursor, noSuchGroup, noSuchTopic, tooManyConsumers } from "./problems.ts";
import { reassign, removeConsumer } from "./reassignments.ts";
import { removeGroup, removeTopic } from "./removal.ts";
import { accessOf } from "./request-access.ts";
import { readStats } from "./stats.ts";

export const manageRoutes = new Hono<AppEnv>()
  .delete("/topics/:topic", endpoint(DELETE_TOPIC), async (c) => {
    await removeTopic(accessOf(c), c.req.valid("param").topic);
    return c.body(null, 204);
  })
  .get("/topics/:topic/stats", endpoint(STATS), async (c) => {
    const stats = await readStats(accessOf(c), c.req.valid("param").topic);
    return stats === null ? noSuchTopic(c) : c.json(stats, 200);
  })
  .delete("/topics/:topic/groups/:group", endpoint(DELETE_GROUP), async (c) => {
    const { topic, group } = c.req.valid("param");
    await removeGroup(accessOf(c), topic, group);
    return c.body(null, 204);
  })
  .get("/topics/:topic/groups/:group/pending", endpoint(PENDING), async (c) => {
    const { consumer = null, limit, cursor } = c.req.valid("query");
    const after = cursor === undefined ? null : placeOfCursor(cursor);
    if (cursor !== undefined && after === null) return badCursor(c);
    const query = { consumer, limit, after };
    const page = await readPending(accessOf(c), c.req.valid("param"), query);
    if (page.kind !== "pending") return noSuchGroup(c);
    const pending = page.pending.map(({ streamId, partition, ...rest }) => ({
      id: messageId({ streamId, partition }),
      partition,
      ...rest,
    }));
    return c.json({ pending, cursor: page.cursor }, 200);
  })
  .post("/topics/:topic/groups/:group/reassign", endpoint(REASSIGN), async (c) => {
    const done = await reassign(accessOf(c), c.req.valid("param"), c.req.valid("json"));
    if (done.kind === "too_many_consumers") return tooManyConsumers(c);
    return done.kind === "moved" ? c.json({ moved: done.moved }, 200) : noSuchGroup(c);
  })
  .delete(
    "/topics/:topic/groups/:group/consumers/:consumer",
    endpoint(REMOVE_CONSUMER),
    async (c) => {
      const { topic, group, consumer } = c.req.valid("param");
      const done = await removeConsumer(accessOf(c), { topic, group }, consumer);
      return done.kind === "moved" ? c.json({ transferred: done.moved }, 200) : noSuchGroup(c);
    },
  )
  .get("/topics/:topic/groups/:group/dead-letters", endpoint(DEAD_LETTERS), async (c) => {
    const { limit, cursor = null } = c.req.valid("query");
    if (cursor !== null && placeOf(cursor) === null) return badCursor(c);
    const page = await readLetters(accessOf(c), c.req.valid("param"), { limit, after: cursor });
    if (page.kind !== "letters") return noSuchGroup(c);
    const letters = page.letters.map(letterText).join(",");
    return c.body(`{"deadLetters":[${letters}],"cursor":${JSON.stringify(page.cursor)}}`, 200, {
      "Content-Type": "application/json",
    });
  })
  .post("/topics/:topic/groups/:group/dead-letters/redrive", endpoint(REDRIVE), async (c) => {
    const { ids } = c.req.valid("json");
    const of = c.req.valid("param");
    const access = accessOf(c);
    const done =
      ids === undefined ? await redriveAll(access, of) : await redriveIds(access, of, ids);
    return done.kind === "redriven" ? c.json({ redriven: done.redriven }, 200) : noSuchGroup(c);
  });
