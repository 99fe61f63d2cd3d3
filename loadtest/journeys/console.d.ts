/** k6's console; the types of k6 leave it to the DOM, which a journey must not compile against. */
declare const console: {
  log(line: string): void;
  warn(line: string): void;
};
