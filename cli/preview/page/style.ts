import { readFileSync } from "node:fs";

/** In the order in which one builds on the other. */
const FILES = ["theme.css", "layout.css", "message.css", "blocks.css"];

/** The CSS of everything that is drawn. In the bundle this whole module is replaced by its value: see `lambda/bundle.ts`. */
export const style = FILES.map((file) => readFileSync(new URL(file, import.meta.url), "utf8")).join("\n");
