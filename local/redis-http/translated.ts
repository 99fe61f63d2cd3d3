import type { Command } from "./command.ts";
import type { Reply } from "./reply.ts";

/** A command as Redis is to get it. */
export interface Translated {
  readonly command: Command;
  /** Turns Redis's reply into the one for the client. Absent when they are the same. */
  readonly restore?: (reply: Reply) => Reply;
}
