/** A Lua script, imported as its text (wrangler's `[[rules]]`, and a Vite plugin in tests). */
declare module "*.lua" {
  const source: string;
  export default source;
}
