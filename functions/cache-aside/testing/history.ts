/**
 * @module
 * Is a history of reads and writes of one item one that the pattern's promise allows?
 *
 * Times are places in one order of events. A write that was acknowledged must be seen, or a newer one, by every
 * read that starts after that; one that was not may be seen or not, from its start on.
 */
export interface Write {
  /** Versions grow in the order in which the database applied the writes. */
  readonly version: number;
  /** JSON text; null deletes. */
  readonly value: string | null;
  readonly startedAt: number;
  /** When a 2xx with the strict promise left; null when none did. */
  readonly acknowledgedAt: number | null;
}

export interface Read {
  readonly startedAt: number;
  readonly endedAt: number;
  /** Null when it found no item. */
  readonly version: number | null;
  readonly value: string | null;
}

/** What is wrong, one sentence a read; empty for a history that keeps the promise. */
export function violations(writes: readonly Write[], reads: readonly Read[]): string[] {
  return reads.flatMap((read) => {
    const wrong = violationOf(writes, read);
    return wrong === null ? [] : [wrong];
  });
}

function violationOf(writes: readonly Write[], read: Read): string | null {
  const acknowledged = writes.filter(
    ({ acknowledgedAt }) => acknowledgedAt !== null && acknowledgedAt < read.startedAt,
  );
  const floor = Math.max(0, ...acknowledged.map(({ version }) => version));
  if (read.version === null && floor === 0) return null;
  const seen = writes.filter(
    ({ startedAt, value, version }) =>
      startedAt <= read.endedAt &&
      (read.version === null ? value === null : version === read.version && value === read.value),
  );
  if (seen.length === 0) return `read ${read.version} = ${read.value}, which nobody wrote`;
  const version = Math.max(...seen.map((write) => write.version));
  return version < floor ? `read version ${version} after ${floor} was acknowledged` : null;
}
