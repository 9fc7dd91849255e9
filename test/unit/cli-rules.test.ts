import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { addConvertWith } from "#cli/convert.ts";
import { defaultRules, readRuleFiles } from "#default-rules";
import { record } from "#test/support/records.ts";
import { folderOf, runCommand } from "#test/support/scanning.ts";

/** A configuration in a file of its own. */
const configured = (text: string) => ["--config", path.join(folderOf({ "c.yaml": text }), "c.yaml")];
const json = (text: string) => JSON.parse(text);

describe("validate", () => {
  test("finds no problem in the default rules", async () => {
    const { exitCode, output, said } = await runCommand(["validate"]);
    const on = defaultRules.filter(({ enabled }) => enabled).length;
    expect([exitCode, output, said]).toEqual([0, `${on} rules, no problem.`, []]);
  });

  test("finds no problem in all of them together", async () => {
    const { exitCode, output } = await runCommand(["validate", "--all-packs"]);
    expect([exitCode, output]).toEqual([0, `${defaultRules.length} rules, no problem.`]);
  });

  const broken = `
use_default_rules: false
rules:
  - eventName == 'a' &&
  - eventName|lowr
  - { id: same, expression: "true" }
  - { id: same, expression: "true" }
ignore_rules: ["!eventName == 'x'"]
packs: { roott: true }
rule_overrides: { trail-stoped: { enabled: false } }
`;

  test("lists every problem with rule, place and caret, and what can be used", async () => {
    const { exitCode, output, said } = await runCommand(["validate", ...configured(broken)]);
    expect([exitCode, said]).toEqual([1, []]);
    for (const part of [
      "rules[0]: the expression ends too early at line 1, column 20:\n  eventName == 'a' &&\n",
      'rules[1]: the expression uses the unknown transform "lowr"; did you mean "lower"? at line 1, column 11:\n  eventName|lowr\n            ^',
      "same: another rule has the same id; give each its own",
      "packs.roott: ",
      "rule_overrides.trail-stoped: ",
      "ignore_rules[0]: the expression ",
    ]) {
      expect(output).toContain(part);
    }
    expect(output).toMatch(/^6 problems; \d rules? can be used\.\n/);
  });

  test("shows the place in a template that cannot be used", async () => {
    const template = "use_default_rules: true\nrule_overrides: { root-activity: { title: Root did it } }";
    const { exitCode, output } = await runCommand(["validate", ...configured(template)]);
    expect([exitCode, output]).toEqual([
      1,
      expect.stringContaining(
        'root-activity: title: the expression has an unexpected "did" at line 1, column 6:\n  Root did it\n       ^\n  (a fixed text stands in quotes of its own: ',
      ),
    ]);
  });

  test("as JSON", async () => {
    const { exitCode, output } = await runCommand(["validate", ...configured(broken), "--json"]);
    const { ok, document, problems } = json(output);
    expect([exitCode, ok, document, problems.map(({ ruleId }: { ruleId: string }) => ruleId).toSorted()]).toEqual([
      1,
      false,
      [],
      ["ignore_rules[0]", "packs.roott", "rule_overrides.trail-stoped", "rules[0]", "rules[1]", "same"],
    ]);
  });

  test("lists what is wrong with the document beside what is wrong with the rules that it has", async () => {
    const { exitCode, output } = await runCommand([
      "validate",
      ...configured("use_default_rules: 7\nrulez: []\nrouting: x\nlimits: { file_bytes: 1 }\nrules: ['a ==']"),
    ]);
    expect([exitCode, output.split("\n\n").map((problem) => problem.split("\n")[0])]).toEqual([
      1,
      [
        expect.stringMatching(/^4 problems; \d+ rules can be used\.$/),
        expect.stringMatching(/^use_default_rules: /),
        expect.stringMatching(/^routing: /),
        'rulez: there is no such variable in the document; did you mean "rules"?',
        "rules[0]: the expression ends too early at line 1, column 5:",
      ],
    ]);
  });

  test("counts a warning, which may be meant, as a problem", async () => {
    const { exitCode, output } = await runCommand([
      "validate",
      "--no-default-rules",
      "--rule",
      "requestParameters.names[0] == 'a'",
    ]);
    expect([exitCode, output]).toEqual([
      1,
      expect.stringMatching(/^1 problem; 1 rule can be used\.\n\nrules\[0\]: .*names.*\n[\s\S]*\n {2}\(a warning: /),
    ]);
  });

  test("shows what Python became", async () => {
    const rule = "'errorCode' in event and event['errorCode'] == 'X'";
    const { exitCode, output } = await runCommand(["validate", "--no-default-rules", "--rule", rule]);
    expect([exitCode, output]).toEqual([
      0,
      expect.stringMatching(/^1 rule, no problem\.\n\nRead as Python, and translated:\nrules\[0\]: \S.*$/),
    ]);
  });

  test.each([
    ["''", "rules_separator: "],
    ["7", "rules_separator: "],
  ])("refuses the separator %s", async (separator, problem) => {
    const config = configured(`rules: a,b\nrules_separator: ${separator}`);
    const { exitCode, output } = await runCommand(["validate", ...config, "--rule", "true"]);
    expect([exitCode, output.split("\n\n")[1]]).toEqual([1, expect.stringContaining(problem)]);
    expect((await runCommand(["convert", ...config])).exitCode).toBe(1);
  });

  test("takes the document that Terraform hands to the function", async () => {
    const document = {
      use_default_rules: true,
      packs: {},
      rule_overrides: {},
      rules: [],
      rules_language: "auto",
      rules_separator: ",",
      ignore_rules: [],
      events_to_track: "CreateUser,iam.amazonaws.com:DeleteUser",
      routing: [{ routes: [], default: null }],
      allowed_hook_hosts: ["hooks.slack.com"],
      secret_digests: {},
      ledger: { table: null, retention_days: 30 },
      rule_config: { self: {} },
    };
    const { exitCode, output } = await runCommand(["validate", ...configured(JSON.stringify(document))]);
    expect([exitCode, output]).toEqual([0, expect.stringMatching(/^\d+ rules, no problem\.$/)]);
  });
});

describe("rules", () => {
  test("lists every default rule by pack, with severity and state", async () => {
    const { exitCode, output } = await runCommand(["rules"]);
    const packs = [...new Set(defaultRules.map(({ pack }) => pack))];
    const on = defaultRules.filter(({ enabled }) => enabled).length;
    expect([exitCode, output.split("\n")[0]]).toEqual([
      0,
      `${defaultRules.length} rules in ${packs.length} packs, ${on} on.`,
    ]);
    for (const { id, severity, origin, enabled } of defaultRules) {
      const shown = origin === "ignore" ? "ignore" : severity;
      expect(output).toMatch(new RegExp(`^ {2}${enabled ? "on " : "off"} +${shown} +${id} `, "m"));
    }
    expect(packs.filter((pack) => !output.includes(`\n\n${pack}\n`))).toEqual([]);
  });

  const config = `
packs: { s3: false }
rule_overrides: { trail-stopped: { enabled: false }, root-activity: { severity: critical, exceptions: [{ reason: x, actors: [y] }] } }
rules: [eventName == 'X']
`;

  test("says why a rule is off, or finds nothing", async () => {
    const { output } = await runCommand(["rules", ...configured(config), "--json"]);
    const rules: { id: string; pack?: string; on: boolean; because?: string; severity: string; exceptions: number }[] =
      json(output).rules;
    const of = (wanted: string) => rules.find(({ id }) => id === wanted);
    expect(of("trail-stopped")).toMatchObject({ on: false, because: "rule_overrides switches it off" });
    expect(of("root-activity")).toMatchObject({ on: true, severity: "critical", exceptions: 1 });
    expect(of("rules[0]")).toEqual({
      id: "rules[0]",
      severity: "medium",
      kind: "alert",
      on: true,
      exceptions: 0,
      expression: "eventName == 'X'",
    });
    expect(new Set(rules.filter(({ pack }) => pack === "s3").map(({ because }) => because))).toEqual(
      new Set(["packs switches s3 off"]),
    );
    expect(of("console-login-outside-cidrs")).toMatchObject({
      on: true,
      because: "finds nothing without allowed_cidrs",
    });
    expect(of("clickops-change")).toMatchObject({ on: false, because: "opt-in" });
  });

  test.each([
    [["--pack", "clickops"], true],
    [["--all-packs"], true],
    [[], false],
  ])("knows with %j whether an opt-in rule is on", async (args, on) => {
    const { rules }: { rules: { id: string; on: boolean }[] } = json(
      (await runCommand(["rules", ...args, "--json"])).output,
    );
    expect(rules.find(({ id }) => id === "clickops-change")?.on).toBe(on);
  });

  test("counts the rules of each pack", async () => {
    const { packs } = json((await runCommand(["rules", "--json"])).output);
    expect(packs).toEqual(
      [...new Set(defaultRules.map(({ pack }) => pack))].map((name) => {
        const rules = defaultRules.filter(({ pack }) => pack === name);
        return { name, rules: rules.length, on: rules.filter(({ enabled }) => enabled).length };
      }),
    );
  });

  test("lists rules of the user's own under a heading of their own", async () => {
    const { output } = await runCommand(["rules", "--no-default-rules", "--rule", "eventName == 'X'"]);
    expect(output).toMatch(/\n\nyour own\n {2}on +medium +rules\[0\] +eventName == 'X'$/);
  });

  test.each(
    readRuleFiles().filter(({ id }) => ["trail-stopped", "clickops-change", "console-noise-health"].includes(id)),
  )(
    "shows everything of $id",
    async ({ id, title, description, expression, references, mitre, falsePositives, investigate }) => {
      const { exitCode, output } = await runCommand(["rules", "show", id]);
      expect(exitCode).toBe(0);
      const parts = [id, title, description, expression, investigate, ...references, ...mitre, ...falsePositives];
      expect(parts.filter((part) => !output.includes(part.trim()))).toEqual([]);
    },
  );

  test("shows one of the user's, with what it became", async () => {
    const rule = "event['eventName'] == 'X' and True";
    const { output } = await runCommand(["rules", "show", "rules[0]", "--rule", rule, "--json"]);
    expect(json(output)).toMatchObject({ id: "rules[0]", on: true, expression: expect.stringContaining("eventName") });
    expect(json(output).expression).not.toContain(" and ");
  });

  test("does not know a rule, and says which is nearest", async () => {
    const { exitCode, output, said } = await runCommand(["rules", "show", "trail-stoped"]);
    expect([exitCode, output, said]).toEqual([
      1,
      "",
      ['cloudtrail-to-slack: there is no rule "trail-stoped"; did you mean "trail-stopped"?'],
    ]);
  });

  test.each([[["rules", "list"]], [["rules", "show"]], [["rules", "show", "a", "b"]]])(
    "does not understand %j",
    async (args) => {
      const { exitCode, output } = await runCommand(args);
      expect([exitCode, output]).toEqual([2, ""]);
    },
  );
});

describe("test", () => {
  test("finds every default rule as its file says", async () => {
    const files = readRuleFiles();
    const records = files.reduce((sum, { matching, nonMatching }) => sum + matching.length + nonMatching.length, 0);
    const { exitCode, output, said } = await runCommand(["test"]);
    expect([exitCode, output, said]).toEqual([
      0,
      `${files.length} rules, ${records} records: each as its file says.`,
      [],
    ]);
  });

  test("tests only the packs that are named", async () => {
    const of = readRuleFiles().filter(({ pack }) => pack === "root");
    const { output } = await runCommand(["test", "--pack", "root", "--json"]);
    expect(
      json(output)
        .rules.map(({ id }: { id: string }) => id)
        .toSorted(),
    ).toEqual(of.map(({ id }) => id).toSorted());
  });

  const rule = (id: string, expression: string, records: object) => JSON.stringify({ id, expression, ...records });
  const created = record();
  const deleted = record({ eventName: "DeleteBucket" });

  test("says which records of a user's rules are not as the file says, and what is missing", async () => {
    const folder = folderOf({
      "good.yaml": rule("good", "eventName == 'CreateBucket'", { matching: [created], nonMatching: [deleted] }),
      "python.yml": rule("python", "event['eventName'] in ('CreateBucket',)", {
        matching: [created],
        nonMatching: [deleted],
      }),
      "sub/wrong.yaml": rule("wrong", "eventName == 'CreateBucket'", {
        matching: [deleted, { a: 1 }],
        nonMatching: [created],
      }),
      "sub/fails.json": rule("fails", "requestParameters.missing[0] == 1", {
        matching: [created],
        nonMatching: [deleted],
      }),
      "none.yaml": "id: none\nexpression: eventName == 'X'\n",
      "syntax.yaml": rule("syntax", "eventName ==", { matching: [created], nonMatching: [deleted] }),
      "no.yaml": "id: [",
      "empty.yaml": "title: x",
      "notes.md": "no rule",
    });
    const { exitCode, output } = await runCommand(["test", folder]);
    expect([exitCode, output.split("\n\n")[0]]).toEqual([1, "3 of 6 rules are not as the files say."]);
    for (const part of [
      "\nno.yaml: is not YAML: ",
      "\nempty.yaml: id: ",
      "\nempty.yaml: expression: ",
      "\nwrong (sub/wrong.yaml)\n  matching[0]: does not match\n  matching[1]: has no eventName\n  nonMatching[0]: matches",
      "\nfails (sub/fails.json)\n  matching[0]: failed on a record: ",
      "\nsyntax (syntax.yaml)\n  the expression ends too early at line 1, column 13:\n    eventName ==\n",
      "\nnone (none.yaml)\n  has no record in `matching`\n  has no record in `nonMatching`",
    ]) {
      expect(output).toContain(part);
    }
    expect(output).not.toContain("good (");
  });

  test("takes a rule without records for no failure", async () => {
    const folder = folderOf({ "a.yaml": rule("a", "eventName == 'X'", {}) });
    const { exitCode, output } = await runCommand(["test", folder]);
    expect([exitCode, output.split("\n")[0], output.includes("\nWarnings:\na (a.yaml)\n")]).toEqual([
      0,
      "1 rule, 0 records: each as its file says.",
      true,
    ]);
  });

  test("gives a rule the `config` of its file, and of --config where that has none", async () => {
    const records = { matching: [created], nonMatching: [deleted] };
    const expression = "(config.name == eventName) && config.own == true";
    const folder = folderOf({ "a.yaml": rule("a", expression, { ...records, config: { own: true } }) });
    const config = configured("rule_config: { name: CreateBucket, own: false }");
    expect([
      (await runCommand(["test", folder])).exitCode,
      (await runCommand(["test", folder, ...config])).exitCode,
    ]).toEqual([1, 0]);
  });

  test("tries templates on the records that match, and warns of what is not there in them", async () => {
    const ids = ["root-console-login", "root-activity"];
    const titles = ["'Root by ' + eventName", "'Ticket ' + requestParameters.ticketOfOurs"];
    const overrides = Object.fromEntries(ids.map((id, index) => [id, { title: titles[index] }]));
    const config = configured(JSON.stringify({ rule_overrides: overrides }));
    const { exitCode, output } = await runCommand(["test", "--pack", "root", "--json", ...config]);
    const warned = json(output).rules.filter(({ warnings }: { warnings: string[] }) => warnings.length > 0);
    expect([exitCode, warned.map(({ id, warnings }: { id: string; warnings: string[] }) => [id, warnings[0]])]).toEqual(
      [0, [["root-activity", expect.stringMatching(/^matching\[0\]: its title, or a part of it, was not there/)]]],
    );
  });

  test("tests an ignore rule by whether it ignores", async () => {
    const folder = folderOf({
      "a.yaml": rule("a", "eventName == 'CreateBucket'", {
        kind: "ignore",
        matching: [created],
        nonMatching: [deleted],
      }),
    });
    expect((await runCommand(["test", folder])).exitCode).toBe(0);
  });

  test("tests one file that is named", async () => {
    const folder = folderOf({
      "a.yaml": rule("a", "eventName == 'CreateBucket'", { matching: [created], nonMatching: [deleted] }),
      "b.yaml": "id: [",
    });
    expect((await runCommand(["test", path.join(folder, "a.yaml")])).exitCode).toBe(0);
  });

  test.each([
    [
      "that is not there",
      "/nowhere",
      /^cloudtrail-to-slack: \/nowhere cannot be read \(ENOENT.*\); name a folder of rule files$/,
    ],
    ["without rules", folderName, /^cloudtrail-to-slack: there is no rule to test in .*; name a folder of rule files$/],
  ])("refuses a folder %s", async (_what, folder, sentence) => {
    const { exitCode, output, said } = await runCommand(["test", typeof folder === "string" ? folder : folder()]);
    expect([exitCode, output, said]).toEqual([1, "", [expect.stringMatching(sentence)]]);
  });

  function folderName(): string {
    return folderOf({ "a.txt": "x" });
  }
});

describe("convert", () => {
  const convert = (args: readonly string[], input = "") =>
    runCommand(["convert", ...args], [addConvertWith(async () => input)]);
  /** The examples of the older module's own documents, in words of ours. */
  const USERS = "'userIdentity.accountId' in event and event['userIdentity.accountId'] == '11111111111'";

  test("prints the Jexl of each rule in its own line, in their order", async () => {
    const { exitCode, output, said } = await convert([USERS, "event['eventName'] == 'a'"]);
    expect([exitCode, said, output.split("\n").length, output.includes("11111111111")]).toEqual([0, [], 2, true]);
    const tested = await runCommand([
      "validate",
      "--no-default-rules",
      ...output.split("\n").flatMap((rule) => ["--rule", rule]),
    ]);
    expect(tested.output).toBe("2 rules, no problem.");
  });

  test("splits at a separator, but not inside brackets or quotes", async () => {
    const rules = "event['a'] in ('x', 'y'),event.get('b', ',') == ','";
    const { output } = await convert([rules, "--separator", ",", "--json"]);
    expect(json(output).rules.map(({ rule }: { rule: string }) => rule)).toEqual([
      "event['a'] in ('x', 'y')",
      "event.get('b', ',') == ','",
    ]);
  });

  test("reads standard input and files, a rule in a line", async () => {
    const rules = "event['a'] == 'x' and True\n\nevent['b'] == 'y' and True\n";
    const file = path.join(folderOf({ "rules.txt": rules }), "rules.txt");
    const [input, dash, named] = [
      await convert([], rules),
      await convert(["--file", "-"], rules),
      await convert(["--file", file]),
    ];
    expect([input.output.split("\n").length, dash.output, named.output]).toEqual([2, input.output, input.output]);
  });

  test("reads the rules of a configuration", async () => {
    const config = configured(
      "rules_separator: ';'\nrules: \"event['a'] == 'x' and True;event['b'] == 'y' and True\"\nignore_rules: [{ expression: \"event['c'] == 'z' and True\" }]",
    );
    const { exitCode, output } = await convert([...config, "--json"]);
    expect([exitCode, json(output).rules.length]).toEqual([0, 3]);
  });

  test("leaves alone what is Jexl already", async () => {
    expect(await convert(["eventName == 'x' && (userAgent|lower) == 'y'"])).toMatchObject({
      exitCode: 0,
      output: "eventName == 'x' && (userAgent|lower) == 'y'",
    });
  });

  test("says what cannot be translated, and where, and translates the others", async () => {
    const { exitCode, output, said } = await convert([USERS, "len([x for x in event]) > 3", "import os"]);
    expect([
      exitCode,
      output.split("\n").length,
      said.map((sentence) => sentence.split(" the expression ")[0]),
    ]).toEqual([1, 1, ["cloudtrail-to-slack: rule 2:", "cloudtrail-to-slack: rule 3:"]]);
    expect(said[0]).toMatch(/ at line 1, column \d+:\n.*\n +\^$/);
    const { rules } = json((await convert(["import os", USERS, "--json"])).output);
    expect(rules).toEqual([
      { rule: "import os", problem: expect.stringContaining("at line 1") },
      { rule: USERS, jexl: expect.stringContaining("11111111111") },
    ]);
  });

  test("refuses a separator that separates nothing", async () => {
    const { exitCode, said } = await convert(["a == b", "--separator", ""]);
    expect([exitCode, said[0]]).toEqual([2, expect.stringContaining("it must not be empty")]);
  });

  test.each([
    ["nothing", [], /^cloudtrail-to-slack: there is no rule to translate; give rules, --file, or standard input$/],
    [
      "a file that is not there",
      ["--file", "/nowhere"],
      /^cloudtrail-to-slack: \/nowhere cannot be read \(ENOENT.*\); name a file of rules$/,
    ],
  ])("refuses %s", async (_what, args, sentence) => {
    expect(await convert(args)).toMatchObject({ exitCode: 1, output: "", said: [expect.stringMatching(sentence)] });
  });
});

test("a file that is too large is not read", async () => {
  const folder = folderOf({});
  writeFileSync(path.join(folder, "c.yaml"), Buffer.alloc(5 * 2 ** 20, " "));
  const { exitCode, said } = await runCommand(["validate", "--config", path.join(folder, "c.yaml")]);
  expect([exitCode, said[0]]).toEqual([1, expect.stringContaining("has 5242880 bytes, more than 4194304")]);
});
