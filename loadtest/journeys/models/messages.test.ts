import { describe, it } from "vitest";
import { type Message, messageViolations, step } from "./messages.ts";

const RUN = { seed: 3, requests: 200, shares: [0.5, 0.5], produced: 0 };

function soundMessages(): Message[] {
  const indices = Array.from({ length: RUN.requests }, (_, index) => index);
  return indices
    .map((index) => ({ index, ...step(RUN.seed, index, RUN.shares) }))
    .filter(({ operation }) => operation === RUN.produced)
    .map(({ index, key }) => ({ id: `${1_000 + index}-0-1`, partition: 1, key, index }));
}

function violationsOf(change: (messages: Message[]) => void): string {
  const messages = soundMessages();
  change(messages);
  return messageViolations(RUN, messages).join("\n");
}

describe("what the line-streams journey expects at its end", () => {
  it("is content with every message once and in order", ({ expect }) => {
    expect(violationsOf(() => {})).toBe("");
  });

  it("notices a message that is lost, doubled, out of order or not asked for", ({ expect }) => {
    const hot = (messages: Message[]) => messages.filter(({ key }) => key === "key-0");
    expect(violationsOf((messages) => messages.pop())).toMatch(/is there 0 times/);
    expect(violationsOf((messages) => messages.push(...messages.slice(-1)))).toMatch(/2 times/);
    expect(
      violationsOf((messages) => {
        const [first, second] = hot(messages);
        if (!first || !second) throw new Error("a hot key has two messages");
        const [at, behind] = [messages.indexOf(first), messages.indexOf(second)];
        messages[at] = second;
        messages[behind] = first;
      }),
    ).toMatch(/came after/);
    expect(
      violationsOf((messages) => messages.push({ id: "9-0-1", partition: 1, key: "x", index: 0 })),
    ).toMatch(/has the key x|produced nothing/);
    expect(
      violationsOf((messages) => {
        const last = hot(messages).at(-1);
        if (last) messages[messages.indexOf(last)] = { ...last, partition: 2 };
      }),
    ).toMatch(/two partitions/);
  });
});
