import { createApp } from "./app.ts";
import { createDepsFor } from "./deps.ts";

export default createApp(createDepsFor());
