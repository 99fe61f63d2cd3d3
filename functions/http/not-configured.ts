/**
 * Raised when a handler asks for a store that this deployment has no usable binding for. The text is the
 * sentence of `ConfigFaults` that says which, and is shown to callers.
 */
export class NotConfigured extends Error {
  override readonly name = "NotConfigured";
}
