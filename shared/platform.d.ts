/**
 * The few web globals that `shared/` may use. Its project loads no platform types on purpose: a name
 * that is not declared here does not compile, so nothing can reach for the network or the clock.
 */
declare class TextEncoder {
  encode(text: string): Uint8Array;
}

declare class TextDecoder {
  constructor(label?: string, options?: { readonly fatal?: boolean; readonly ignoreBOM?: boolean });
  decode(bytes: Uint8Array): string;
}

declare class AbortSignal {
  static timeout(ms: number): AbortSignal;
  readonly aborted: boolean;
}

declare function setTimeout(callback: () => void, ms: number): unknown;
declare function clearTimeout(timer: unknown): void;
