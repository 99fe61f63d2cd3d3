-- The truth behind the cache: items, and the outbox of invalidations that Redis has not confirmed.
--
-- One statement, so that anything can apply it: psql, Neon over HTTP (one statement a request), the Worker
-- itself. It may be applied again at any time, also by several at once. A function whose body changes in
-- meaning gets a new version in its name, because Workers of two versions run side by side in a deploy.
DO $schema$
BEGIN
  PERFORM pg_advisory_xact_lock(5205101901);

  CREATE SEQUENCE IF NOT EXISTS items_version;

  -- value       the JSON text as it was sent (json, not jsonb, which rewrites numbers and refuses \u0000);
  --             null for a tombstone
  -- version     from the sequence; 0 for a record that never had a value
  -- ops         known writes by op id (32 hex digits): {"u": expiry of the last copy, ms; "b": hash of the body,
  --             or "" when the op id is not the caller's; "n": nonce of the request that was answered first;
  --             "k": kind of that answer; "v": its version; "c": it created the item}
  -- deleted_at  null while there is a value
  CREATE TABLE IF NOT EXISTS items (
    instance   text        NOT NULL,
    tenant     text        NOT NULL,
    id         text        NOT NULL,
    value      json,
    version    bigint      NOT NULL,
    ops        jsonb       NOT NULL DEFAULT '{}',
    deleted_at timestamptz,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (instance, tenant, id),
    CHECK ((value IS NULL) = (deleted_at IS NOT NULL))
  );

  CREATE INDEX IF NOT EXISTS items_tombstones
    ON items (instance, updated_at) WHERE deleted_at IS NOT NULL;

  -- An item is here from the moment a write commits until Redis has confirmed that no older copy is cached.
  CREATE TABLE IF NOT EXISTS items_outbox (
    instance  text        NOT NULL,
    tenant    text        NOT NULL,
    id        text        NOT NULL,
    version   bigint      NOT NULL,
    queued_at timestamptz NOT NULL,
    PRIMARY KEY (instance, tenant, id)
  );

  CREATE INDEX IF NOT EXISTS items_outbox_age ON items_outbox (instance, queued_at);

  -- Writes or, with a null value, deletes one item, once per op id, if it comes in time and its condition
  -- holds. Safe to send again and to arrive late: a known op answers as the first time and changes nothing.
  --
  -- p_op             32 hex digits; remembered with its answer until the last expiry it came with. A caller's op
  --                  is known for a minute more, because the caller repeats a request after its answer; less
  --                  long where an item has more than 128 ops then
  -- p_body           hash of the body, or '' when the op id is not the caller's
  -- p_nonce          of the request: copies of one request are not replays of each other
  -- p_expires_at_ms  refused from this instant on, by the clock of this server, under the row's lock
  -- p_only_if        'any' | 'exists' | 'absent' | 'version', and then p_only_version
  --
  -- kind           'written' | 'deleted' | 'refused' (the condition does not hold) | 'mismatch' (op id known
  --                with another body) | 'expired' (or further ahead than clocks may differ)
  -- at_version     of the write; of the item when refused; null for an item that is not there
  -- replayed       the answer is the one that another request got
  -- Raises KV001 when 64 unexpired ops are known: nothing was applied, nothing remembered.
  CREATE OR REPLACE FUNCTION items_write_v2(
    p_instance text, p_tenant text, p_id text, p_value json, p_op text, p_body text, p_nonce text,
    p_expires_at_ms bigint, p_only_if text, p_only_version text,
    OUT kind text, OUT at_version bigint, OUT created boolean, OUT replayed boolean, OUT now_ms bigint
  ) LANGUAGE plpgsql AS $write$
  DECLARE
    ops_max         CONSTANT int    := 64;
    known_max       CONSTANT int    := 128;
    repeats_kept_ms CONSTANT bigint := 60000;
    -- The longest deadline (10 s) and as much as two clocks may differ (4 s).
    ahead_max_ms    CONSTANT bigint := 14000;
    item            record;
    known           jsonb;
    known_until_ms  bigint;
    still_known     jsonb;
    unexpired_count int;
    is_present      boolean;
  BEGIN
    -- A placeholder tombstone makes an absent item lockable. The collector may take it in between.
    FOR round IN 1..3 LOOP
      SELECT i.version, i.deleted_at, i.ops INTO item FROM items i
        WHERE i.instance = p_instance AND i.tenant = p_tenant AND i.id = p_id FOR UPDATE;
      EXIT WHEN item.version IS NOT NULL;
      INSERT INTO items (instance, tenant, id, version, deleted_at, updated_at)
        VALUES (p_instance, p_tenant, p_id, 0, clock_timestamp(), clock_timestamp())
        ON CONFLICT DO NOTHING;
    END LOOP;
    IF item.version IS NULL THEN
      RAISE EXCEPTION 'the item kept changing' USING ERRCODE = '40001';
    END IF;

    now_ms := floor(extract(epoch FROM clock_timestamp()) * 1000);
    created := false;
    replayed := false;
    is_present := item.deleted_at IS NULL;
    IF p_expires_at_ms <= now_ms OR p_expires_at_ms > now_ms + ahead_max_ms THEN
      kind := 'expired';
      RETURN;
    END IF;

    known := item.ops -> p_op;
    known_until_ms := (known ->> 'u')::bigint + CASE known ->> 'b' WHEN '' THEN 0 ELSE repeats_kept_ms END;
    IF known_until_ms > now_ms THEN
      -- Also this copy must stay known for as long as it could arrive again.
      IF p_expires_at_ms > (known ->> 'u')::bigint THEN
        UPDATE items i
          SET ops = jsonb_set(i.ops, ARRAY[p_op, 'u'], to_jsonb(p_expires_at_ms)), updated_at = clock_timestamp()
          WHERE i.instance = p_instance AND i.tenant = p_tenant AND i.id = p_id;
      END IF;
      IF known ->> 'b' <> p_body THEN
        kind := 'mismatch';
        RETURN;
      END IF;
      kind := known ->> 'k';
      at_version := (known ->> 'v')::bigint;
      created := (known ->> 'c')::boolean;
      replayed := known ->> 'n' IS DISTINCT FROM p_nonce;
      RETURN;
    END IF;

    -- The latest expiries first, so that those which have passed give way.
    SELECT coalesce(jsonb_object_agg(o.key, o.value), '{}'), count(*) FILTER (WHERE o.until_ms > now_ms)
      INTO still_known, unexpired_count
      FROM (
        SELECT e.key, e.value, (e.value ->> 'u')::bigint AS until_ms FROM jsonb_each(item.ops) e
          WHERE (e.value ->> 'u')::bigint + CASE e.value ->> 'b' WHEN '' THEN 0 ELSE repeats_kept_ms END > now_ms
          ORDER BY until_ms DESC LIMIT known_max - 1
      ) o;
    IF unexpired_count >= ops_max THEN
      RAISE EXCEPTION 'too many writes of one item' USING ERRCODE = 'KV001';
    END IF;

    IF (p_only_if = 'exists' AND NOT is_present)
      OR (p_only_if = 'absent' AND is_present)
      OR (p_only_if = 'version' AND NOT (is_present AND item.version::text = p_only_version))
    THEN
      kind := 'refused';
      at_version := CASE WHEN is_present THEN item.version END;
    ELSIF p_value IS NULL THEN
      kind := 'deleted';
      at_version := CASE WHEN is_present THEN nextval('items_version') END;
    ELSE
      kind := 'written';
      at_version := nextval('items_version');
      created := NOT is_present;
    END IF;

    still_known := still_known || jsonb_build_object(p_op, jsonb_build_object(
      'u', p_expires_at_ms, 'b', p_body, 'n', p_nonce, 'k', kind, 'v', at_version, 'c', created));
    IF kind = 'refused' OR at_version IS NULL THEN
      UPDATE items i SET ops = still_known, updated_at = clock_timestamp()
        WHERE i.instance = p_instance AND i.tenant = p_tenant AND i.id = p_id;
      RETURN;
    END IF;

    UPDATE items i
      SET value = p_value, version = at_version, ops = still_known, updated_at = clock_timestamp(),
          deleted_at = CASE WHEN p_value IS NULL THEN clock_timestamp() END
      WHERE i.instance = p_instance AND i.tenant = p_tenant AND i.id = p_id;
    INSERT INTO items_outbox AS o (instance, tenant, id, version, queued_at)
      VALUES (p_instance, p_tenant, p_id, at_version, clock_timestamp())
      ON CONFLICT (instance, tenant, id) DO UPDATE SET version = EXCLUDED.version;
  END
  $write$;
END
$schema$;
