/**
 * @module
 * Calls of the limiter in the short form that tests read best in.
 */
import { checkNamed } from "../check.ts";
import { putPolicy } from "../policies.ts";
import type { PolicyDefinition } from "../policy.ts";
import type { Verdict } from "../verdict.ts";
import { definitionOf, type Stand } from "./stand.ts";

export function createCalls(stand: Stand) {
  return {
    /** A policy that no other test has. */
    async newPolicy(definition: Partial<PolicyDefinition> = {}): Promise<string> {
      const name = `policy-${crypto.randomUUID()}`;
      const { kind } = await putPolicy(stand.request(), name, definitionOf(definition));
      if (kind !== "created") throw new Error(`the policy is ${kind}`);
      return name;
    },

    async change(policy: string, definition: Partial<PolicyDefinition>): Promise<void> {
      const { kind } = await putPolicy(stand.request(), policy, definitionOf(definition));
      if (kind !== "changed") throw new Error(`the policy is ${kind}`);
    },

    async check(policy: string, key = "ann", cost = 1): Promise<Verdict> {
      const decision = await checkNamed(stand.request(), [{ policy, key, cost }]);
      const [first] = decision.kind === "judged" ? decision.judged : [];
      if (first === undefined) throw new Error(`the decision is ${decision.kind}`);
      return first.verdict;
    },

    /** How many of `times` checks at once pass. */
    async passes(policy: string, times: number, key = "ann"): Promise<number> {
      const all = Array.from({ length: times }, () => this.check(policy, key));
      return (await Promise.all(all)).filter(({ allowed }) => allowed).length;
    },
  };
}
