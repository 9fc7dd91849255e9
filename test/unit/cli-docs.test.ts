import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { blocks } from "#test/support/documents.ts";
import { logFile, ROOT, record, trailStopped } from "#test/support/records.ts";
import { folderOf, runCommand } from "#test/support/scanning.ts";
import { repoRoot } from "#test/support/tools.ts";

const PAGE = readFileSync(path.join(repoRoot, "docs/cli.md"), "utf8");
const COMMANDS = ["scan", "preview", "rules", "validate", "test", "convert"];

const BOB = { type: "IAMUser", arn: "arn:aws:iam::111111111111:user/bob", accountId: "111111111111", userName: "bob" };
const refused = {
  userIdentity: BOB,
  eventName: "GetObject",
  readOnly: true,
  errorCode: "AccessDenied",
  errorMessage: "no",
};

/** What the page works on. */
function example(): string {
  const [rule = ""] = blocks("docs/cli.md", "yaml");
  return folderOf({
    "logs/2025/a.json.gz": logFile(
      record({ eventID: "1", eventTime: "2025-06-11T08:20:00Z", userIdentity: ROOT }),
      record({ eventID: "2", eventTime: "2025-06-11T08:30:00Z", ...refused }),
      record({ eventID: "3" }),
    ),
    "logs/2025/b.json.gz": logFile(
      trailStopped("111111111111", { eventID: "6f1c2a6e" }),
      record({ eventID: "5", eventTime: "2025-06-11T09:30:00Z", ...refused }),
    ),
    "logs/readme.txt": "x",
    "my-rules/bucket-deleted.yaml": rule,
    "config.yaml": [
      "packs: { clickops: true, roott: false }",
      "rules:",
      `  - "!errorCode == 'AccessDenied'"`,
      `  - { id: break-glass, expression: "requestParameters.roles[0] == 'break-glass'" }`,
    ].join("\n"),
  });
}

/** The words of a line as a shell has them; names of the example lie in its folder. */
function words(line: string, folder: string): readonly string[] {
  return Array.from(line.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, bare = ""]) => {
    if (quoted !== undefined) return quoted;
    return ["logs", "config.yaml", "my-rules", "preview.html"].includes(bare) ? path.join(folder, bare) : bare;
  });
}

describe("docs/cli.md", () => {
  const shown = blocks("docs/cli.md", "console").filter((block) =>
    COMMANDS.some((command) => block.startsWith(`$ cloudtrail-to-slack ${command} `)),
  );

  test("shows commands", () => {
    expect(shown).toHaveLength(8);
  });

  test.each(shown)("shows what the command prints: %s", async (block) => {
    const [, line = "", output] = /^\$ cloudtrail-to-slack (.*)\n([\s\S]*)$/.exec(block) ?? [];
    const folder = example();
    const { output: printed, said } = await runCommand(words(line, folder));
    expect(said).toEqual([]);
    // How many default rules there are is for docs/packs.md.
    const counted = (text = "") => text.replaceAll(/\b\d+ rules\b/g, "… rules");
    expect(counted(`${printed.replaceAll(`${folder}/`, "")}\n`)).toBe(counted(output));
  });

  test("shows an alert as --json prints it", async () => {
    const folder = example();
    const { output } = await runCommand(["scan", path.join(folder, "logs"), "--json"]);
    const lines = output.replaceAll(`${folder}/`, "").split("\n");
    expect(blocks("docs/cli.md", "json").map((block) => lines.includes(block.trimEnd()))).toEqual([true]);
  });

  test.each([...COMMANDS, "respond"])("names every option of %s", async (command) => {
    const { output } = await runCommand([command, ...(command === "respond" ? ["contain"] : []), "--help"]);
    const options = Array.from(output.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm), ([, option = ""]) => option);
    const section = (heading: string) => PAGE.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
    const named = section("Which rules") + section(command);
    expect(options.length).toBeGreaterThan(5);
    expect(options.filter((option) => option !== "--help" && !named.includes(`| \`${option}\` |`))).toEqual([]);
  });
});
