/**
 * Makes ids that name a request in replies and log lines: a random part of the isolate, and a count. Unique
 * beyond doubt without asking for randomness each time; they are names, not secrets.
 */
export function requestIds(random: () => number): () => string {
  let prefix = "";
  for (let part = 0; part < 3; part += 1) {
    prefix += Math.floor(random() * 36 ** 5)
      .toString(36)
      .padStart(5, "0");
  }
  let count = 0;
  return () => {
    count += 1;
    return `${prefix}-${count.toString(36)}`;
  };
}
