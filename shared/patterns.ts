/** The ten patterns as data: what the README, the OpenAPI document, the lab and the guide name them by. */
export interface Pattern {
  /** Path segment, folder name and key prefix. */
  readonly id: string;
  readonly title: string;
  readonly promise: string;
}

export const PATTERNS = [
  {
    id: "coordinator-ring",
    title: "Coordinator ring",
    promise: "linearizable keys on a ring of Redis nodes with leader election and fail-over",
  },
  {
    id: "quorum-consistency",
    title: "Quorum consistency",
    promise: "linearizable register with compare-and-set over three voting nodes",
  },
  {
    id: "sharding-replica",
    title: "Sharding with replicas",
    promise: "consistent hashing with read-your-writes from replicas and online resharding",
  },
  {
    id: "distributed-lock",
    title: "Distributed lock",
    promise: "leases with fencing tokens, FIFO waiting and deadlock detection",
  },
  {
    id: "cache-aside",
    title: "Cache-aside",
    promise: "Redis in front of Postgres, never older than the last acknowledged write",
  },
  {
    id: "bloom-sstable",
    title: "Bloom filter and SSTables",
    promise: "an LSM tree in a Durable Object with bounded memory",
  },
  {
    id: "rate-limiting",
    title: "Rate limiting",
    promise: "never admits more than the policy",
  },
  {
    id: "session-store",
    title: "Session store",
    promise: "server-side sessions without lost updates or resurrection",
  },
  {
    id: "leaderboard",
    title: "Leaderboard",
    promise: "rankings that equal a sorted list, with idempotent submits",
  },
  {
    id: "line-streams",
    title: "Line streams",
    promise: "at-least-once messaging with order per key and dead letters",
  },
] as const satisfies readonly Pattern[];

export type PatternId = (typeof PATTERNS)[number]["id"];
