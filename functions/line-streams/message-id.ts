/**
 * @module
 * What a message is called: `<milliseconds>-<sequence>-<partition>`. The first two are its id in the stream
 * of its partition, where ids only grow; with the partition it is unique in the topic.
 */
export interface MessagePlace {
  readonly partition: number;
  readonly streamId: string;
}

const MESSAGE_ID = /^(\d{1,15}-\d{1,15})-(\d{1,2})$/;

export function messageId({ partition, streamId }: MessagePlace): string {
  return `${streamId}-${partition}`;
}

/** Null for anything that `messageId` cannot have written. */
export function placeOf(id: string): MessagePlace | null {
  const [, streamId, partition] = MESSAGE_ID.exec(id) ?? [];
  return streamId === undefined ? null : { streamId, partition: Number(partition) };
}

/** When the store took the message, by its own clock. */
export function producedAtOf(streamId: string): number {
  return Number(streamId.slice(0, streamId.indexOf("-")));
}
