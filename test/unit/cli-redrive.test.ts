import { describe, expect, test } from "vitest";
import { runProgram } from "#cli/program.ts";
import { addRedriveWith, type Connect } from "#cli/redrive.ts";
import { CommandError } from "#cli/shared/command-error.ts";
import type { Answer, Invoke } from "#cli/shared/live-function.ts";
import { type FakeDeadLetters, fakeDeadLetters, fakeTerminal } from "#test/support/dead-letters.ts";

const QUEUE = "cloudtrail-to-slack-dead-letters";
const done: Answer = { kind: "answered", value: { records: { in: 1 } } };
const failed = (reason: string): Answer => ({ kind: "failed", reason });
const objects = (...keys: readonly string[]) =>
  JSON.stringify({ s3Bucket: "example-cloudtrail-logs", s3ObjectKey: keys });

/** Runs `redrive` on a fake queue and function. */
async function redrive(
  queue: FakeDeadLetters,
  {
    args = [],
    invoke = async () => done,
    terminal = fakeTerminal(),
  }: {
    readonly args?: readonly string[];
    readonly invoke?: Invoke;
    readonly terminal?: ReturnType<typeof fakeTerminal>;
  } = {},
) {
  const invoked: string[] = [];
  const connected: unknown[] = [];
  const connect: Connect = async (names) => {
    connected.push(names);
    const keeping: Invoke = (payload) => {
      invoked.push(payload);
      return invoke(payload);
    };
    return { queue, invoke: keeping };
  };
  const exitCode = await runProgram(["redrive", ...args], terminal, [addRedriveWith(connect)]);
  const output = terminal.written.join("\n");
  return { exitCode, output, said: terminal.said, shown: terminal.shown, invoked, connected };
}

const json = (text: string): unknown => JSON.parse(text);

describe("redrive", () => {
  test("hands each letter in, deletes what was finished, and gives back what fails, with the reason", async () => {
    const queue = fakeDeadLetters([objects("good"), objects("bad"), objects("fine")]);
    const invoke = async (payload: string) =>
      payload.includes("bad") ? failed("not finished: s3://b/bad: NoSuchKey") : done;
    const { exitCode, output, said, invoked } = await redrive(queue, { invoke });
    expect({ exitCode, said, invoked: invoked.toSorted(), visible: queue.visible() }).toEqual({
      exitCode: 1,
      said: [],
      invoked: [objects("bad"), objects("fine"), objects("good")],
      visible: ["letter-2"],
    });
    expect(output).toBe(`handed in      3
done           2
still failing  1
left           1 in ${QUEUE}

Still failing:
letter-2  2025-06-11 09:20 UTC
  not finished: s3://b/bad: NoSuchKey`);
  });

  test("exits with 0 when all are done", async () => {
    const queue = fakeDeadLetters([objects("a"), objects("b")]);
    const { exitCode, output } = await redrive(queue);
    expect([exitCode, output, queue.ids()]).toEqual([
      0,
      "handed in      2\ndone           2\nstill failing  0\nleft           0",
      [],
    ]);
  });

  test("says that there are no dead letters", async () => {
    const { exitCode, output, invoked } = await redrive(fakeDeadLetters([]));
    expect([exitCode, output, invoked]).toEqual([0, `No dead letters in ${QUEUE}.`, []]);
  });

  test("says that letters are in other hands", async () => {
    const queue = fakeDeadLetters([objects("a")]);
    await queue.receive(1, 960);
    const [{ exitCode, output }, dryRun] = [await redrive(queue), await redrive(queue, { args: ["--dry-run"] })];
    expect([exitCode, output === dryRun.output, output]).toEqual([
      0,
      true,
      "No dead letters in cloudtrail-to-slack-dead-letters.\nIn other hands, or those of a run that was broken off: about 1 more. They come back within 16 minutes.",
    ]);
  });

  test("asks for the names that the options give", async () => {
    const names = async (...args: readonly string[]) => (await redrive(fakeDeadLetters([]), { args })).connected;
    expect([
      await names(),
      await names("--function-name", "audit"),
      await names("--queue", "arn:aws:sqs:eu-west-1:111111111111:mine", "--region", "eu-west-1"),
    ]).toEqual([
      [{ functionName: "cloudtrail-to-slack", queue: QUEUE, region: undefined }],
      [{ functionName: "audit", queue: "audit-dead-letters", region: undefined }],
      [{ functionName: "cloudtrail-to-slack", queue: "arn:aws:sqs:eu-west-1:111111111111:mine", region: "eu-west-1" }],
    ]);
  });

  test.each([
    [
      "an object, to the digit",
      '{"s3Bucket":"b", "n":12345678901234567890}',
      '{"s3Bucket":"b", "n":12345678901234567890}',
    ],
    ["a failed invocation in its envelope", '{"requestPayload":{"a":1}}', '{"requestPayload":{"a":1}}'],
    ["a list", "[1]", "[1]"],
    [
      "what is no JSON as a queue brings it",
      "not \u0000 JSON",
      '{"Records":[{"eventSource":"aws:sqs","messageId":"letter-1","body":"not \\u0000 JSON"}]}',
    ],
    ["nothing as a queue brings it", "", '{"Records":[{"eventSource":"aws:sqs","messageId":"letter-1","body":""}]}'],
  ])("hands in %s", async (_what, body, payload) => {
    expect((await redrive(fakeDeadLetters([body]))).invoked).toEqual([payload]);
  });

  test.each([
    ["what is no JSON", "not JSON", /^the message letter-1 of the queue \(no ARN\) is not JSON; expected /],
    ["a batch of a queue", '{"Records":[]}', /^the function did not finish it; see the function's log$/],
  ])("keeps %s that the function hands back", async (_what, body, reason) => {
    const queue = fakeDeadLetters([body]);
    const invoke = async (): Promise<Answer> => ({
      kind: "answered",
      value: { batchItemFailures: [{ itemIdentifier: "letter-1" }] },
    });
    const { exitCode, output } = await redrive(queue, { invoke, args: ["--json"] });
    expect([exitCode, queue.visible()]).toEqual([1, ["letter-1"]]);
    expect(json(output)).toMatchObject({ failing: [{ id: "letter-1", reason: expect.stringMatching(reason) }] });
  });

  test("takes an answer without failures for done, also that of a batch", async () => {
    const queue = fakeDeadLetters(["CloudTrail validation message."]);
    const invoke = async (): Promise<Answer> => ({ kind: "answered", value: { batchItemFailures: [] } });
    expect([(await redrive(queue, { invoke })).exitCode, queue.ids()]).toEqual([0, []]);
  });

  test("prints one JSON object, and nothing else", async () => {
    const queue = fakeDeadLetters([objects("a"), objects("b")]);
    const invoke = async (payload: string) => (payload === objects("b") ? failed("no") : done);
    const { output, said } = await redrive(queue, { invoke, args: ["--json", "--function-name", "audit"] });
    expect([json(output), output.includes("\n"), said]).toEqual([
      {
        queue: QUEUE,
        function: "audit",
        handedIn: 2,
        done: 1,
        failing: [{ id: "letter-2", sentAt: "2025-06-11T09:20:00.000Z", reason: "no" }],
        left: 1,
        leftIsEstimate: false,
        hidden: 0,
        interrupted: false,
      },
      false,
      [],
    ]);
  });

  test("shows how far it is", async () => {
    const queue = fakeDeadLetters([objects("a"), objects("b")]);
    const { shown } = await redrive(queue, { args: ["--concurrency", "1"], invoke: async () => failed("no") });
    expect(shown).toEqual([
      `handing in dead letters of ${QUEUE}`,
      `handing in dead letters of ${QUEUE}: 0 of about 2, 0 still failing`,
      `handing in dead letters of ${QUEUE}: 1 of about 2, 1 still failing`,
      `handing in dead letters of ${QUEUE}: 2 of about 2, 2 still failing`,
    ]);
  });

  test("takes as many as --max says", async () => {
    const queue = fakeDeadLetters(["{}", "{}", "{}", "{}", "{}"]);
    const { exitCode, output, invoked } = await redrive(queue, { args: ["--max", "3", "--concurrency", "5"] });
    expect([exitCode, invoked.length, output.split("\n").at(-1), queue.visible()]).toEqual([
      0,
      3,
      `left           about 2 in ${QUEUE}`,
      ["letter-4", "letter-5"],
    ]);
  });

  test("runs as many invocations at the same time as --concurrency says", async () => {
    let running = 0;
    let most = 0;
    const invoke: Invoke = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      return done;
    };
    await redrive(fakeDeadLetters(Array(9).fill("{}")), { invoke, args: ["--concurrency", "3"] });
    expect(most).toBe(3);
  });

  test("hands a letter in once, though the queue delivers it again while the function has it", async () => {
    const queue = fakeDeadLetters([objects("slow"), objects("b"), objects("c")]);
    const invoke: Invoke = async (payload) => {
      if (payload !== objects("slow")) return done;
      queue.deliverAgain("letter-1");
      while (queue.received.length < 4) await new Promise((resolve) => setTimeout(resolve, 1));
      return done;
    };
    const { exitCode, invoked } = await redrive(queue, { invoke });
    expect([exitCode, queue.received, invoked.toSorted(), queue.ids()]).toEqual([
      0,
      ["letter-1", "letter-2", "letter-1", "letter-3"],
      [objects("b"), objects("c"), objects("slow")],
      [],
    ]);
  });

  test("deletes a letter again that comes back after it was done", async () => {
    const queue = fakeDeadLetters([objects("a"), objects("b"), objects("c")]);
    const invoke: Invoke = async (payload) => {
      if (payload === objects("b")) queue.deliverAgain("letter-1");
      return done;
    };
    // What comes twice does not count twice either.
    const { exitCode, invoked } = await redrive(queue, { invoke, args: ["--concurrency", "1", "--max", "3"] });
    expect([exitCode, invoked, queue.ids()]).toEqual([0, [objects("a"), objects("b"), objects("c")], []]);
  });

  test("hands a letter in once, though the run outlasts its hiding", async () => {
    const queue = fakeDeadLetters([objects("bad"), objects("slow"), objects("last")]);
    const invoke: Invoke = async (payload) => {
      if (payload === objects("slow")) queue.advance(961);
      return payload === objects("bad") ? failed("no") : done;
    };
    const { invoked } = await redrive(queue, { invoke, args: ["--concurrency", "1"] });
    expect([invoked, queue.visible()]).toEqual([[objects("bad"), objects("slow"), objects("last")], ["letter-1"]]);
  });

  test("ends with what was done when the function cannot be asked any more", async () => {
    const queue = fakeDeadLetters([objects("a"), objects("b"), objects("c"), objects("d")]);
    const invoke: Invoke = async (payload) => {
      if (payload === objects("a")) return failed("no");
      if (payload === objects("b")) return done;
      throw new CommandError('the function "cloudtrail-to-slack" is gone; name it');
    };
    const { exitCode, output, said, invoked } = await redrive(queue, { invoke, args: ["--concurrency", "1"] });
    expect({ exitCode, said, invoked: invoked.length, received: queue.received, visible: queue.visible() }).toEqual({
      exitCode: 1,
      said: ['cloudtrail-to-slack: the function "cloudtrail-to-slack" is gone; name it'],
      invoked: 3,
      received: ["letter-1", "letter-2", "letter-3"],
      visible: ["letter-1", "letter-3", "letter-4"],
    });
    expect(output).toContain(`handed in      2
done           1
still failing  1
left           about 3 in ${QUEUE}`);
  });

  test("takes no new letter once another worker met a problem", async () => {
    const queue = fakeDeadLetters([objects("a"), objects("b"), objects("c")]);
    const invoke: Invoke = async (payload) => {
      if (payload === objects("a")) throw new CommandError("the function is gone");
      await new Promise((resolve) => setTimeout(resolve, 5));
      return done;
    };
    const { exitCode } = await redrive(queue, { invoke });
    expect([exitCode, queue.received, queue.visible()]).toEqual([
      1,
      ["letter-1", "letter-2"],
      ["letter-1", "letter-3"],
    ]);
  });

  test("gives everything back before a defect of its own ends it", async () => {
    const queue = fakeDeadLetters([objects("a"), objects("b"), objects("c")]);
    const invoke: Invoke = async (payload) => {
      if (payload === objects("a")) return failed("no");
      throw new TypeError("x is not a function");
    };
    const { exitCode, output, said } = await redrive(queue, { invoke, args: ["--concurrency", "1"] });
    expect([exitCode, output, said, queue.visible().length]).toEqual([
      1,
      "",
      [
        "cloudtrail-to-slack: unexpected error: x is not a function; run it again with DEBUG=1 to see where, and report it",
      ],
      3,
    ]);
  });

  test("ends when the queue cannot be asked any more, and tells the problem in the JSON too", async () => {
    const queue = fakeDeadLetters([objects("a"), objects("b"), objects("c")]);
    const invoke: Invoke = async () => {
      queue.fail("receive", new CommandError("the queue is gone"));
      return done;
    };
    const { exitCode, output } = await redrive(queue, { invoke, args: ["--concurrency", "1", "--json"] });
    expect([exitCode, json(output), queue.visible()]).toMatchObject([
      1,
      { handedIn: 1, done: 1, left: 2, problem: "the queue is gone" },
      ["letter-2", "letter-3"],
    ]);
  });

  test("does not call done what it could not delete", async () => {
    const queue = fakeDeadLetters([objects("a"), objects("b")]);
    queue.fail("remove", new CommandError("the queue is not open to these credentials; allow sqs:DeleteMessage"));
    const { exitCode, output, said, invoked } = await redrive(queue, { args: ["--concurrency", "1"] });
    expect([exitCode, said, invoked.length, queue.visible(), output.split("\n")[0]]).toEqual([
      1,
      ["cloudtrail-to-slack: the queue is not open to these credentials; allow sqs:DeleteMessage"],
      1,
      ["letter-1", "letter-2"],
      "handed in      0",
    ]);
  });

  test("fails when the queue cannot be asked at all", async () => {
    const queue = fakeDeadLetters([]);
    queue.fail("count", new CommandError("the queue does not exist; name it with --queue"));
    const { exitCode, output, said } = await redrive(queue, { args: ["--json"] });
    expect([exitCode, json(output), said]).toEqual([
      1,
      { problem: "the queue does not exist; name it with --queue" },
      ["cloudtrail-to-slack: the queue does not exist; name it with --queue"],
    ]);
  });

  test("at Ctrl-C finishes what is under way, gives back the failing ones and takes no new ones", async () => {
    const queue = fakeDeadLetters([objects("a"), objects("b"), objects("c"), objects("d")]);
    const terminal = fakeTerminal();
    const invoke: Invoke = async (payload) => {
      if (payload === objects("a")) return failed("no");
      terminal.interrupt();
      await new Promise((resolve) => setTimeout(resolve, 5));
      return done;
    };
    const { exitCode, output, shown } = await redrive(queue, { invoke, terminal, args: ["--concurrency", "1"] });
    expect([exitCode, queue.received, queue.visible(), output]).toEqual([
      130,
      ["letter-1", "letter-2"],
      ["letter-1", "letter-3", "letter-4"],
      `Ended before all were handed in.
handed in      2
done           1
still failing  1
left           about 3 in ${QUEUE}

Still failing:
letter-1  2025-06-11 09:20 UTC
  no`,
    ]);
    expect(shown.at(-1)).toContain("finishing what is under way");
  });

  test("at Ctrl-C gives back what it was just receiving", async () => {
    const queue = fakeDeadLetters([objects("a")]);
    const terminal = fakeTerminal();
    const receive = queue.receive;
    queue.receive = async (max, seconds) => {
      terminal.interrupt();
      return receive(max, seconds);
    };
    const { exitCode, invoked } = await redrive(queue, { terminal });
    expect([exitCode, invoked, queue.received, queue.visible()]).toEqual([130, [], ["letter-1"], ["letter-1"]]);
  });

  test("prints 20 failing letters and counts the others", async () => {
    const queue = fakeDeadLetters(Array(23).fill("{}"));
    const { output } = await redrive(queue, { invoke: async () => failed("no") });
    expect([output.match(/^letter-/gm)?.length, output.split("\n").at(-1)]).toEqual([
      20,
      "and 3 more; --json lists them all",
    ]);
  });
});

describe("redrive --dry-run", () => {
  const notice = {
    Records: [
      {
        eventSource: "aws:s3",
        eventName: "ObjectRemoved:Delete",
        s3: { bucket: { name: "example-cloudtrail-logs" }, object: { key: "gone.json.gz" } },
      },
    ],
  };
  const call = { "detail-type": "AWS API Call via CloudTrail", source: "aws.iam", id: "e-1", detail: {} };

  test("tells what lies there, and changes nothing", async () => {
    const queue = fakeDeadLetters([
      objects("AWSLogs/1.json.gz", "AWSLogs/2.json.gz"),
      { body: JSON.stringify(call), error: "not\u001b[31m finished:\nSlack answered 404" },
      JSON.stringify(notice),
      "CloudTrail validation message.",
      '{"what":"\u202eis this"}',
    ]);
    const { exitCode, output, invoked } = await redrive(queue, { args: ["--dry-run"] });
    expect([exitCode, invoked, queue.visible().length]).toEqual([0, [], 5]);
    expect(output).toBe(`5 dead letters in ${QUEUE}; nothing was changed.

id        since                 received  about
letter-1  2025-06-11 09:20 UTC  1         2 objects: s3://example-cloudtrail-logs/AWSLogs/1.json.gz, …
letter-2  2025-06-11 09:20 UTC  1         1 record of the EventBridge event e-1 of the type "AWS API Call via CloudTrail"
letter-3  2025-06-11 09:20 UTC  1         notice: A CloudTrail log file was removed
letter-4  2025-06-11 09:20 UTC  1         nothing to tell: validation message of CloudTrail
letter-5  2025-06-11 09:20 UTC  1         undecodable: the payload (with what) is of an unknown shape

What Lambda said when it gave up:
letter-2
  not[31m finished: Slack answered 404`);
  });

  test("prints no control characters and no endless text", async () => {
    const evil = `\u001b]0;owned\u0007${"x".repeat(5_000)}\u202e`;
    const { output } = await redrive(fakeDeadLetters([objects(evil)]), { args: ["--dry-run"] });
    expect([/[^\P{C}\n]/u.test(output), output.length < 1_000]).toEqual([false, true]);
  });

  test("prints one JSON object", async () => {
    const { output } = await redrive(fakeDeadLetters([objects("a")]), { args: ["--dry-run", "--json"] });
    expect(json(output)).toEqual({
      queue: QUEUE,
      seen: [
        {
          id: "letter-1",
          sentAt: "2025-06-11T09:20:00.000Z",
          received: 1,
          about: "1 object: s3://example-cloudtrail-logs/a",
        },
      ],
      complete: true,
      hidden: 0,
      interrupted: false,
    });
  });

  test.each([
    [25, [], 25, "25 dead letters"],
    [25, ["--max", "12"], 12, "12 dead letters"],
    [1, [], 1, "1 dead letter"],
  ])("of %i letters with %j it lists %i", async (count, args, listed, title) => {
    const queue = fakeDeadLetters(Array(count).fill("{}"));
    const { output } = await redrive(queue, { args: ["--dry-run", ...args] });
    const rows = output.match(/^letter-/gm)?.length;
    const more = listed < count ? ", maybe more" : "";
    expect([rows, output.split("\n")[0], queue.visible().length]).toEqual([
      listed,
      `${title} in ${QUEUE}${more}; nothing was changed.`,
      count,
    ]);
  });

  test("says that there are no dead letters", async () => {
    const { exitCode, output } = await redrive(fakeDeadLetters([]), { args: ["--dry-run"] });
    expect([exitCode, output]).toEqual([0, `No dead letters in ${QUEUE}.`]);
  });

  test("gives back what it saw when the queue fails half-way", async () => {
    const queue = fakeDeadLetters(Array(15).fill("{}"));
    const receive = queue.receive;
    let calls = 0;
    queue.receive = async (max, seconds) => {
      calls += 1;
      if (calls === 2) throw new CommandError("the queue is gone");
      return receive(max, seconds);
    };
    const { exitCode, said } = await redrive(queue, { args: ["--dry-run"] });
    expect([exitCode, said, queue.visible().length]).toEqual([1, ["cloudtrail-to-slack: the queue is gone"], 15]);
  });
});

describe("redrive --discard", () => {
  test("deletes what is named, says what it did not find, and leaves the others", async () => {
    const queue = fakeDeadLetters(Array(12).fill("{}"));
    const { exitCode, output, invoked } = await redrive(queue, {
      args: ["--discard", "letter-12", "letter-3", "nobody"],
    });
    expect([exitCode, invoked, output, queue.visible().length]).toEqual([
      1,
      [],
      `discarded letter-3
discarded letter-12
not found nobody: deleted before, in other hands, or of another queue than ${QUEUE}`,
      10,
    ]);
  });

  test("exits with 0 when all were found, and prints one JSON object", async () => {
    const queue = fakeDeadLetters(["{}", "{}"]);
    const { exitCode, output } = await redrive(queue, { args: ["--json", "--discard", "letter-2"] });
    expect([exitCode, json(output), queue.visible()]).toEqual([
      0,
      { queue: QUEUE, discarded: ["letter-2"], missing: [], interrupted: false },
      ["letter-1"],
    ]);
  });
});
