/**
 * @module
 * A small cache that may live as long as an isolate: bounded in entries and age, and never holding a
 * promise, because the platform cancels a promise together with the request that made it. An entry from the
 * future of a clock that was put back is as good as none: nobody knows how old it is.
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
  const entries = new Map<string, { readonly value: Value; readonly sinceMs: number }>();
  return {
    get(key, nowMs) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      const ageMs = nowMs - entry.sinceMs;
      if (ageMs >= 0 && ageMs < options.ttlMs) return entry.value;
      entries.delete(key);
      return undefined;
    },
    set(key, value, nowMs) {
      entries.delete(key);
      if (entries.size >= options.entriesMax) {
        const oldest = entries.keys().next();
        if (!oldest.done) entries.delete(oldest.value);
      }
      entries.set(key, { value, sinceMs: nowMs });
    },
    delete(key) {
      entries.delete(key);
    },
  };
}
