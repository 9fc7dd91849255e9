import { writeFile } from "node:fs/promises";
import { InvalidArgumentError } from "commander";
import { slackMessage } from "#delivery/slack-message.ts";
import { messageOf } from "#model/errors.ts";
import { newChannels } from "./preview/channels.ts";
import { gallery } from "./preview/gallery.ts";
import { noticeGallery } from "./preview/notices.ts";
import { type Page, previewPage } from "./preview/page/document.ts";
import { bucketCandidates } from "./scan/bucket.ts";
import { type Candidates, candidatesAt, type OpenBucket } from "./scan/candidates.ts";
import { type FilterOptions, withFilterOptions } from "./scan/options.ts";
import { summaryText } from "./scan/report.ts";
import { exitCodeOf, scanFor } from "./scan/run.ts";
import type { AddCommand } from "./shared/command.ts";
import { CommandError } from "./shared/command-error.ts";
import { jsonLine } from "./shared/json-line.ts";
import { loadRulesFor, type RuleOptions, type Rules, withRuleOptions } from "./shared/rule-options.ts";
import type { Terminal } from "./shared/terminal.ts";
import { counted, lines } from "./shared/text.ts";
import { wholeNumber } from "./shared/whole-number.ts";

interface Options extends RuleOptions, FilterOptions {
  readonly out: string;
  readonly max: number;
  readonly json?: true;
}

const OUT = "cloudtrail-to-slack-preview.html";
/** Who looks at more has seen enough. */
const MAX_PER_RULE = 20;
/** A page with more is slow to open. */
const MOST_PER_RULE = 1_000;

/** {@link addPreview} on ports of a test's choice. */
export const addPreviewWith =
  (openBucket: OpenBucket, nowMs: () => number): AddCommand =>
  (program, { terminal, finish }) => {
    const command = program
      .command("preview")
      .summary("draws messages as Slack does, and sends nothing")
      .description(
        "Draws the messages that records would give, as Slack does, in one HTML file that needs nothing else.\n" +
          "A path is what `scan` takes. Alerts that would be told together are one message.\n" +
          "Without a path it draws one message for each default rule, and one notice of each kind.",
      )
      .argument("[paths...]", "what to read");
    withRuleOptions(command);
    withFilterOptions(command, nowMs)
      .option("--out <file>", "the file to write; what was there is replaced", htmlFile, OUT)
      .option("--max <n>", "draw at most so many messages of one rule", wholeNumber(MOST_PER_RULE), MAX_PER_RULE)
      .option("--json", "print each message as Block Kit JSON, in its own line, and write no file")
      .action(async (paths: readonly string[], options: Options) => {
        const rules = await loadRulesFor(options, terminal);
        if (paths.length === 0) return drawGallery(rules, options, terminal);
        const candidates = await candidatesAt(paths, options.since, openBucket);
        finish(await terminal.interruptible((stop) => drawFound(candidates, rules, options, terminal, stop)));
      });
  };

/** `preview`: messages, drawn as Slack does. */
export const addPreview = addPreviewWith(bucketCandidates, Date.now);

/** So that a slip of the hand replaces no log file. */
function htmlFile(text: string): string {
  if (/\.html?$/i.test(text)) return text;
  throw new InvalidArgumentError("its name must end with .html");
}

async function drawGallery(rules: Rules, options: Options, terminal: Terminal): Promise<void> {
  const specimens = await gallery(rules, options);
  if (specimens.length === 0)
    throw new CommandError("there is no default rule to draw; name a pack with --pack, or files to read");
  // Who names packs wants to see these.
  const notices = options.pack.length === 0 ? noticeGallery(rules.messages) : [];
  if (options.json) {
    for (const { payload } of [...specimens, ...notices]) terminal.out(jsonLine(payload));
    return;
  }
  const packs = [...new Set(specimens.map(({ pack }) => pack))];
  const sections = [
    ...packs.map((name) => ({ name, messages: specimens.filter(({ pack }) => pack === name), more: 0 })),
    ...(notices.length > 0 ? [{ name: "notices", messages: notices, more: 0 }] : []),
  ];
  const told = `${counted(specimens.length, "message")}, one for each default rule`;
  const summary = notices.length > 0 ? `${told}, and ${counted(notices.length, "notice")}` : told;
  await write(options.out, { title: "Gallery", summary: `${summary}.`, sections });
  terminal.out(`${summary}: open ${options.out} in a browser.`);
}

/** @returns the exit code */
async function drawFound(
  candidates: Candidates,
  rules: Rules,
  options: Options,
  terminal: Terminal,
  stop: AbortSignal,
): Promise<number> {
  const channels = newChannels(options.max, rules.messages);
  const scanned = await scanFor(candidates, rules, options, terminal, stop, ({ alert }) => {
    if (options.json) terminal.out(jsonLine(slackMessage(alert)));
    else channels.add(alert);
  });
  const summary = summaryText(scanned);
  if (options.json) terminal.say(summary);
  else {
    const sections = channels.sections();
    await write(options.out, { title: "Preview", summary, sections });
    const isCut = sections.some(({ more }) => more > 0);
    const cut = `Of a rule with more than ${counted(options.max, "message")}, the first are drawn; --max draws more.`;
    terminal.out(lines(summary, isCut ? cut : "", `Open ${options.out} in a browser.`));
  }
  return exitCodeOf(scanned, stop);
}

async function write(file: string, page: Page): Promise<void> {
  try {
    await writeFile(file, previewPage(page));
  } catch (cause) {
    throw new CommandError(`${file} cannot be written (${messageOf(cause)}); name another one with --out`, { cause });
  }
}
