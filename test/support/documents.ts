import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { repoRoot } from "./tools.ts";

/** Every document that users read, from the repository's root. */
export function documents(): readonly string[] {
  const inDocs = readdirSync(path.join(repoRoot, "docs"), { recursive: true, encoding: "utf8" });
  const inFolders = ["examples", "modules"].flatMap((folder) =>
    readdirSync(path.join(repoRoot, folder)).map((name) => `${folder}/${name}/README.md`),
  );
  return ["README.md", ...inDocs.filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`), ...inFolders];
}

/** The fenced blocks of a document in one language. */
export function blocks(document: string, language: string): readonly string[] {
  const text = readFileSync(path.join(repoRoot, document), "utf8");
  return Array.from(text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms")), ([, block]) => block ?? "");
}
