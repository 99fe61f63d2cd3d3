/**
 * @module
 * The payloads of a request as they were written, so that they come back unchanged: no number is rounded, no
 * member moved, no space lost. The text is JSON already (JSON.parse has read it), so this only finds places.
 */

/** The payload of `{payload}`, or of each of `{messages: [{payload}, …]}`, in the order they stand. */
export function payloadTexts(json: string): string[] {
  const root = memberTexts(json, 0);
  const messages = root.get("messages");
  if (messages === undefined) return [root.get("payload") ?? "null"];
  return elementTexts(messages).map((text) => memberTexts(text, 0).get("payload") ?? "null");
}

/** Member name to value text of the object that begins at or behind `from`. Of equal names the last counts. */
function memberTexts(json: string, from: number): Map<string, string> {
  const members = new Map<string, string>();
  let at = skipSpace(json, skipSpace(json, from) + 1);
  while (json[at] !== "}" && at < json.length) {
    const nameEnd = endOfString(json, at);
    const name: unknown = JSON.parse(json.slice(at, nameEnd));
    const start = skipSpace(json, skipSpace(json, nameEnd) + 1);
    const end = endOfValue(json, start);
    members.set(String(name), json.slice(start, end));
    at = afterComma(json, end);
  }
  return members;
}

function elementTexts(json: string): string[] {
  const elements: string[] = [];
  let at = skipSpace(json, skipSpace(json, 0) + 1);
  while (json[at] !== "]" && at < json.length) {
    const end = endOfValue(json, at);
    elements.push(json.slice(at, end));
    at = afterComma(json, end);
  }
  return elements;
}

function afterComma(json: string, end: number): number {
  const at = skipSpace(json, end);
  return json[at] === "," ? skipSpace(json, at + 1) : at;
}

function skipSpace(json: string, from: number): number {
  let at = from;
  while (at < json.length && json.charCodeAt(at) <= 0x20) at += 1;
  return at;
}

function endOfValue(json: string, start: number): number {
  const first = json[start];
  if (first === '"') return endOfString(json, start);
  if (first !== "{" && first !== "[") return endOfScalar(json, start);
  let depth = 0;
  for (let at = start; at < json.length; at += 1) {
    const character = json[at];
    if (character === '"') at = endOfString(json, at) - 1;
    else if (character === "{" || character === "[") depth += 1;
    else if ((character === "}" || character === "]") && --depth === 0) return at + 1;
  }
  return json.length;
}

function endOfString(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at += 1) {
    if (json[at] === "\\") at += 1;
    else if (json[at] === '"') return at + 1;
  }
  return json.length;
}

const SCALAR_END = /[\s,\]}]/g;

function endOfScalar(json: string, start: number): number {
  SCALAR_END.lastIndex = start;
  return SCALAR_END.exec(json)?.index ?? json.length;
}
