/**
 * @module
 * A small cache that may live as long as an isolate: bounded in entries and age, and never holding a
 * promise, because the platform cancels a promise together with the request that made it.
 */
export interface BoundedCacheOptions {
  readonly entriesMax: number;
  readonly ttlMs: number;
}

export interface BoundedCache<Value> {
  get(key: string, nowMs: number): Value | undefined;
  /** Forgets the entry that was set longest ago when full. */
  set(key: string, value: Value, nowMs: number): void;
  delete(key: string): void;
}

export function boundedCache<Value>(options: BoundedCacheOptions): BoundedCache<Value> {
  const entries = new Map<string, { readonly value: Value; readonly expiresAtMs: number }>();
  return {
    get(key, nowMs) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (nowMs < entry.expiresAtMs) return entry.value;
      entries.delete(key);
      return undefined;
    },
    set(key, value, nowMs) {
      entries.delete(key);
      if (entries.size >= options.entriesMax) {
        const oldest = entries.keys().next();
        if (!oldest.done) entries.delete(oldest.value);
      }
      entries.set(key, { value, expiresAtMs: nowMs + options.ttlMs });
    },
    delete(key) {
      entries.delete(key);
    },
  };
}
