/** Raised when a handler asks for a store that this deployment has no binding for; the text is its name. */
export class NotConfigured extends Error {
  override readonly name = "NotConfigured";
}
