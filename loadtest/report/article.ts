/**
 * What the source article measured (ten patterns in Python with Flask and Redis, 1,000 to 50,000
 * requests), as it printed it. Another machine and another stack: shown for orientation, never ranked.
 */
export const ARTICLE = {
  stack: "Python, Flask and Redis",
  throughput: { low: 126, high: 300 },
  meanMs: { low: 3.3, high: 8 },
  collapse: {
    pattern: "bloom-sstable",
    requests: 50_000,
    throughput: 0.89,
    errorRate: 0.996,
    memoryGb: 3.7,
  },
} as const;
