/**
 * @module
 * What the patterns need of one Redis database. Strings are UTF-8 text: a value that is bytes goes
 * through the base64 codec before it gets here.
 */
export type RedisReply = string | number | null | readonly RedisReply[];

export type RedisArgument = string | number;

/** A Lua script, its SHA-1, and whether replicas may run it. Made by `defineScript` only. */
export interface Script {
  readonly source: string;
  readonly sha1: string;
  /** True for `#!lua flags=no-writes,…`: sent as EVALSHA_RO, so that replicas take it. */
  readonly isReadOnly: boolean;
}

export interface RedisCallOptions {
  /** Bound of this one attempt in milliseconds. The caller's deadline bounds it as well. */
  readonly timeoutMs?: number;
}

export interface RedisPort {
  /**
   * Sends one command once.
   *
   * @throws UpstreamError whose `outcome` is `not_applied` only when Redis refused the command or it
   * was never sent; a lost answer is `unknown`.
   */
  command(
    args: readonly [string, ...RedisArgument[]],
    options?: RedisCallOptions,
  ): Promise<RedisReply>;

  /** Runs a script once: EVALSHA, and EVAL when Redis does not know it yet (then a second trip). */
  script(
    script: Script,
    keys: readonly string[],
    args: readonly RedisArgument[],
    options?: RedisCallOptions,
  ): Promise<RedisReply>;
}
