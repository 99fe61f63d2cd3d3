import type { ItemRef } from "../keys.ts";

/** Items that no other test has: the stores are shared. */
export function itemsOf(instance: string): (id: string) => ItemRef {
  const own = `${instance}-${crypto.randomUUID()}`;
  return (id) => ({ instance: own, tenant: "test", id });
}
