import { createServer as createHttpServer, request as httpRequest, type IncomingMessage } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { CreateTableCommand, DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from "@aws-sdk/client-iam";
import { CreateAccountCommand, ListAccountsCommand, OrganizationsClient } from "@aws-sdk/client-organizations";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { dynamodbLedger, type LedgerOptions } from "#aws/dynamodb.ts";
import { organizationsDirectory } from "#aws/organizations.ts";
import { s3ObjectStore } from "#aws/s3.ts";
import { sqsMessageQueue } from "#aws/sqs.ts";
import { SPACING_MS } from "#ledger/guarded-ledger.ts";
import { LogFileError, messageOf } from "#model/errors.ts";
import type { ObjectStore } from "#model/ports.ts";
import { ledgerConformance } from "#test/conformance/ledger.ts";
import { clientConfig } from "#test/support/deployment.ts";
import { fakeClock } from "#test/support/fakes.ts";
import { type Ministack, startMinistack } from "#test/support/ministack.ts";
import { queueUrl } from "#test/support/queues.ts";

let ministack: Ministack;
let config: ReturnType<typeof clientConfig>;
beforeAll(async () => {
  ministack = await startMinistack();
  config = clientConfig(ministack);
});
afterAll(async () => {
  await ministack?.stop();
});
afterEach(() => vi.unstubAllEnvs());

/** Clients that are not given an endpoint find this one, as functions in Lambda find AWS. */
function environmentWith(endpoint: string): void {
  for (const [name, value] of Object.entries({ ...ministack.env, AWS_ENDPOINT_URL: endpoint })) vi.stubEnv(name, value);
}

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Listens on any free port of this machine. @returns its URL */
async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("the accounts of an organization", () => {
  const namesOf = async (client: OrganizationsClient) => {
    const names: (readonly [string, string])[] = [];
    for await (const page of organizationsDirectory(() => client).names()) names.push(...page);
    return names;
  };

  test("are told with their names", async () => {
    const client = new OrganizationsClient(config);
    await client.send(new CreateAccountCommand({ AccountName: "payments", Email: "payments@example.com" }));
    const { Accounts = [] } = await client.send(new ListAccountsCommand({}));
    const names = await namesOf(client);
    expect(names).toHaveLength(2);
    expect(names).toEqual(Accounts.map(({ Id, Name }) => [Id, Name]));
    expect(names.map(([, name]) => name)).toContain("payments");
  });

  // The emulator tells them all at once.
  test("are read page by page", async () => {
    const asked: unknown[] = [];
    const server = createHttpServer(async (incoming, outgoing) => {
      const { NextToken, MaxResults } = JSON.parse((await incoming.toArray()).join(""));
      asked.push([incoming.headers["x-amz-target"], NextToken, MaxResults]);
      const page = Number(NextToken ?? 0);
      const Accounts = [{ Id: `${page + 1}`.repeat(12), Name: `account ${page + 1}` }, { Id: "999999999999" }];
      outgoing.setHeader("content-type", "application/x-amz-json-1.1");
      outgoing.end(JSON.stringify({ Accounts, ...(page < 2 ? { NextToken: `${page + 1}` } : {}) }));
    });
    const client = new OrganizationsClient({ ...config, endpoint: await listen(server) });
    expect(await namesOf(client)).toEqual([
      ["111111111111", "account 1"],
      ["222222222222", "account 2"],
      ["333333333333", "account 3"],
    ]);
    const target = "AWSOrganizationsV20161128.ListAccounts";
    expect(asked).toEqual([undefined, "1", "2"].map((token) => [target, token, 20]));
  });

  test("throws where the function's account may not ask", async () => {
    const refusing = createHttpServer((_incoming, outgoing) => {
      outgoing.writeHead(400, { "content-type": "application/x-amz-json-1.1" });
      outgoing.end(JSON.stringify({ __type: "AccessDeniedException", Message: "You don't have permissions" }));
    });
    const client = new OrganizationsClient({ ...config, endpoint: await listen(refusing) });
    await expect(namesOf(client)).rejects.toThrow("You don't have permissions");
  });
});

describe("the ledger in DynamoDB", () => {
  const table = "cloudtrail-to-slack-ledger";
  beforeAll(async () => {
    await new DynamoDBClient(config).send(
      new CreateTableCommand({
        TableName: table,
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
  });

  const open = (overrides: Partial<LedgerOptions> = {}) => {
    const clock = fakeClock();
    const client = new DynamoDBClient(config);
    const options = { table, retentionDays: 30, spacingMs: SPACING_MS, clock, client };
    return {
      spacingMs: SPACING_MS,
      nowMs: clock.nowMs,
      advance: clock.advance,
      as: (owner: string) => dynamodbLedger({ ...options, owner, ...overrides }),
    };
  };

  ledgerConformance("in DynamoDB", open);

  test("writes rows that expire once they need not be remembered", async () => {
    const clock = fakeClock();
    const ledger = open({ retentionDays: 1.5, clock }).as("process 1");
    const untilMs = clock.nowMs() + 60_000;
    await ledger.claim("alert/1/claimed hook", untilMs + 0.5);
    await ledger.confirm("alert/1/told hook");
    await ledger.takeSlot("hook", clock.nowMs() + 0.25, clock.nowMs() + 60_000);
    await ledger.markProcessed({ bucket: "b", key: "k" }, { sha256: "0".repeat(64) });
    const rows = await Promise.all(
      ["alert/1/claimed hook", "alert/1/told hook", "slot/hook", "object/s3://b/k"].map(async (id) => {
        const { Item } = await new DynamoDBClient(config).send(
          new GetItemCommand({ TableName: table, Key: { id: { S: id } } }),
        );
        return Item;
      }),
    );
    const expiresAt = { N: String(clock.nowMs() / 1_000 + 1.5 * 24 * 3_600) };
    expect(rows).toEqual([
      {
        id: { S: "alert/1/claimed hook" },
        state: { S: "claimed" },
        owner: { S: "process 1" },
        claim: { S: expect.stringMatching(/^[0-9a-f-]{36}$/) },
        untilMs: { N: String(untilMs + 1) },
        expiresAt,
      },
      { id: { S: "alert/1/told hook" }, state: { S: "delivered" }, expiresAt },
      { id: { S: "slot/hook" }, freeFromMs: { N: String(clock.nowMs() + 1 + SPACING_MS) }, expiresAt },
      { id: { S: "object/s3://b/k" }, sha256: { S: "0".repeat(64) }, atMs: { N: String(clock.nowMs()) }, expiresAt },
    ]);
  });

  test.each<[string, string]>([
    ["delivered", "BatchGetItem"],
    ["claim", "PutItem"],
    ["confirm", "PutItem"],
    ["takeSlot", "UpdateItem"],
    ["release", "DeleteItem"],
    ["window", "GetItem"],
    ["keepWindow", "TransactWriteItems"],
    ["processed", "BatchGetItem"],
    ["markProcessed", "PutItem"],
  ])("fails at every call when the table is not there: %s", async (call) => {
    const ledger = open({ table: "never-made" }).as("me");
    const calls: Record<string, () => Promise<unknown>> = {
      delivered: () => ledger.delivered(["k"]),
      claim: () => ledger.claim("k", 1),
      confirm: () => ledger.confirm("k"),
      release: () => ledger.release("k"),
      takeSlot: () => ledger.takeSlot("d", 1, Number.MAX_SAFE_INTEGER),
      window: () => ledger.window("w"),
      keepWindow: () => ledger.keepWindow("w", undefined, 1, ["k"]),
      processed: () => ledger.processed([{ bucket: "b", key: "k" }]),
      markProcessed: () => ledger.markProcessed({ bucket: "b", key: "k" }, { sha256: "0" }),
    };
    await expect(calls[call]?.()).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  });

  /** The table behind a network that loses the first answer to a kind of call, after the call had its effect. */
  const losing = async (action: string) => {
    let lost = 0;
    const proxy = createHttpServer((incoming, outgoing) => {
      const forwarded = httpRequest(
        ministack.endpoint,
        { method: incoming.method, headers: incoming.headers, path: incoming.url },
        (answer: IncomingMessage) => {
          if (incoming.headers["x-amz-target"]?.toString().endsWith(`.${action}`) && lost++ === 0) {
            answer.resume().once("end", () => outgoing.destroy());
            return;
          }
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(outgoing);
        },
      );
      incoming.pipe(forwarded);
    });
    const client = new DynamoDBClient({ ...config, endpoint: await listen(proxy) });
    return { table: open({ client }), lostAnswers: () => lost };
  };

  test("knows a claim of its own whose answer was lost on the way", async () => {
    const { table: lossy, lostAnswers } = await losing("PutItem");
    const untilMs = lossy.nowMs() + 60_000;
    const mine = await lossy.as("me").claim("lost claim", untilMs);
    const others = [
      await open().as("other").claim("lost claim", untilMs),
      await lossy.as("me").claim("lost claim", untilMs),
    ];
    expect({ mine, others, lost: lostAnswers() > 0 }).toEqual({
      mine: { kind: "mine" },
      // The next piece of news of the same process is another one.
      others: Array(2).fill({ kind: "held", untilMs }),
      lost: true,
    });
  });

  test.each(["DeleteItem", "PutItem", "UpdateItem"])(
    "does its work although an answer to %s was lost",
    async (action) => {
      const { table: lossy, lostAnswers } = await losing(action);
      const ledger = lossy.as("me");
      const key = `lost ${action}`;
      const untilMs = lossy.nowMs() + 60_000;
      await open().as("me").claim(key, untilMs);
      await ledger.release(key);
      const released = await open().as("other").claim(key, untilMs);
      await ledger.confirm(key);
      const moment = await ledger.takeSlot(key, lossy.nowMs(), lossy.nowMs() + 60_000);
      expect({ released, told: await ledger.delivered([key]), moment, lost: lostAnswers() > 0 }).toEqual({
        released: { kind: "mine" },
        told: new Set([key]),
        // A moment that nobody uses costs a second.
        moment: lossy.nowMs() + (action === "UpdateItem" ? SPACING_MS : 0),
        lost: true,
      });
    },
  );

  test("gives up within seconds when nobody answers, so that the alert is told without it", async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket));
    environmentWith(await listen(silent));
    closers.push(() => sockets.forEach((socket) => void socket.destroy()));
    const ledger = dynamodbLedger({ table, retentionDays: 1, spacingMs: SPACING_MS, owner: "me", clock: fakeClock() });
    const patience = new AbortController();
    const ending = await Promise.race([
      ledger.claim("k", 1).then(
        () => "answered",
        (error) => `gave up: ${error.name}`,
      ),
      delay(12_000, "still waiting", { signal: patience.signal }),
    ]);
    patience.abort();
    expect({ ending, asked: sockets.length > 0 }).toEqual({ ending: "gave up: TimeoutError", asked: true });
  });

  test("finds the table by the environment of Lambda", async () => {
    environmentWith(ministack.endpoint);
    const ledger = dynamodbLedger({ table, retentionDays: 1, spacingMs: SPACING_MS, owner: "me", clock: fakeClock() });
    await ledger.confirm("by the environment");
    expect(await ledger.delivered(["by the environment"])).toEqual(new Set(["by the environment"]));
  });
});

describe("a queue of SQS", () => {
  const receive = async (sqs: SQSClient, url: string) => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        VisibilityTimeout: 600,
        MessageSystemAttributeNames: ["ApproximateReceiveCount"],
      }),
    );
    return Messages.map(({ MessageId: id = "", ReceiptHandle: receiptHandle = "", Attributes }) => ({
      id,
      receiptHandle,
      receives: Number(Attributes?.ApproximateReceiveCount),
    }));
  };
  const queueWith = async (name: string, body: string) => {
    const sqs = new SQSClient(config);
    const arn = `arn:aws:sqs:${config.region}:000000000000:${name}`;
    await sqs.send(new CreateQueueCommand({ QueueName: name }));
    const url = queueUrl(ministack, arn);
    await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body }));
    const [message] = await receive(sqs, url);
    if (message === undefined) throw new Error("the queue lost its message");
    return { message: { ...message, queue: arn }, again: () => receive(sqs, url) };
  };

  test("has a message there again at once after no delay, and not before one has passed", async () => {
    environmentWith(ministack.endpoint);
    const queue = sqsMessageQueue();
    const { message, again } = await queueWith("retry", "hello");
    const hidden = await again();
    await queue.delay(message, 0);
    const [second] = await again();
    if (second === undefined) throw new Error("the message is not there again");
    await queue.delay({ ...message, ...second }, 2);
    const tooSoon = await again();
    await delay(2_500);
    const third = await again();
    expect({
      hidden,
      second: [second.id, second.receives],
      tooSoon,
      third: third.map(({ id, receives }) => [id, receives]),
    }).toEqual({
      hidden: [],
      second: [message.id, 2],
      tooSoon: [],
      third: [[message.id, 3]],
    });
  });

  test.each([
    ["a queue that is not there", { queue: "arn:aws:sqs:us-east-1:000000000000:never-made" }],
    ["a handle that is none", { receiptHandle: "nonsense" }],
  ])("throws for %s", async (_name, wrong) => {
    environmentWith(ministack.endpoint);
    const { message } = await queueWith("wrong", "hello");
    await expect(sqsMessageQueue().delay({ ...message, ...wrong }, 10)).rejects.toThrow();
  });

  test.each([
    ["arn:aws:sqs:eu-central-1:111111111111:retry", "https://sqs.eu-central-1.amazonaws.com/111111111111/retry"],
    ["arn:aws-cn:sqs:cn-north-1:111111111111:retry", "https://sqs.cn-north-1.amazonaws.com.cn/111111111111/retry"],
    [
      "arn:aws-us-gov:sqs:us-gov-west-1:111111111111:retry",
      "https://sqs.us-gov-west-1.amazonaws.com/111111111111/retry",
    ],
  ])("is asked for by its address: %s", async (queue, address) => {
    const asked: string[] = [];
    const recorder = createHttpServer((incoming, outgoing) => {
      const parts: Uint8Array[] = [];
      incoming.on("data", (part: Uint8Array) => void parts.push(part));
      incoming.on("end", () => {
        asked.push(JSON.parse(Buffer.concat(parts).toString()).QueueUrl);
        outgoing.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end("{}");
      });
    });
    environmentWith(await listen(recorder));
    await sqsMessageQueue().delay({ id: "m", queue, receiptHandle: "h", receives: 1 }, 10);
    expect(asked).toEqual([address]);
  });
});

describe("a bucket of S3", () => {
  const bucket = "example-cloudtrail-logs";
  const ODD = "AWSLogs/ü 日本+%/a b.json.gz";
  let s3: S3Client;
  let store: ObjectStore;
  const large = Buffer.alloc(12 * 2 ** 20, "0123456789");
  const put = (Key: string, Body: string | Uint8Array = "x") =>
    s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
  beforeAll(async () => {
    s3 = new S3Client(config);
    store = s3ObjectStore(s3);
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    await put("large", large);
    await put("empty", new Uint8Array());
    await put(ODD, "odd");
    const keys = Array.from({ length: 1_205 }, (_, index) => `many/${String(index).padStart(4, "0")}`);
    for (let start = 0; start < keys.length; start += 50) {
      await Promise.all(keys.slice(start, start + 50).map((key) => put(key)));
    }
    for (const folder of ["a", "b"]) await put(`many/${folder}/x`);
  });

  const readFrom = async (from: ObjectStore, key: string, inBucket = bucket) => {
    const parts: Uint8Array[] = [];
    for await (const part of from.read({ bucket: inBucket, key })) parts.push(part);
    return parts;
  };
  const readAll = async (key: string, from?: string) => {
    const parts = await readFrom(store, key, from);
    return { parts: parts.length, bytes: Buffer.concat(parts) };
  };

  test("is read in pieces as they come", async () => {
    const { parts, bytes } = await readAll("large");
    expect([parts > 10, bytes.equals(large)]).toEqual([true, true]);
  });

  test.each([
    ["an empty object", "empty", ""],
    ["a key with any characters", ODD, "odd"],
  ])("is read: %s", async (_name, key, text) => {
    expect((await readAll(key)).bytes.toString()).toBe(text);
  });

  test("is asked for nothing before the first piece is wanted, and is left when its reader has enough", async () => {
    store.read({ bucket, key: "missing" });
    let pieces = 0;
    for await (const piece of store.read({ bucket, key: "large" })) {
      pieces += piece.length > 0 ? 1 : 0;
      break;
    }
    expect(pieces).toBe(1);
  });

  test.each([
    ["an object that is not there", "missing", bucket, true, "NoSuchKey"],
    ["a bucket that is not there", "large", "never-made", false, "NoSuchBucket"],
  ])("throws a LogFileError about %s", async (_name, key, from, missing, word) => {
    const error = await readAll(key, from).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LogFileError);
    expect([Object(error).missing, messageOf(error)]).toEqual([
      missing,
      expect.stringMatching(new RegExp(`^s3://${from}/${key} could not be read: ${word}: `)),
    ]);
  });

  test("throws a LogFileError about what is forbidden, which is not missing", async () => {
    const iam = new IAMClient(config);
    await iam.send(new CreateUserCommand({ UserName: "nobody" }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "nobody" }));
    const credentials = {
      accessKeyId: AccessKey?.AccessKeyId ?? "",
      secretAccessKey: AccessKey?.SecretAccessKey ?? "",
    };
    const forbidden = s3ObjectStore(new S3Client({ ...config, credentials }));
    const [read] = await readFrom(forbidden, "large").catch((thrown: unknown) => [thrown]);
    const list = await forbidden.list(bucket, "many/").catch((thrown) => thrown);
    expect(
      [read, list].map((error) => [error instanceof LogFileError, Object(error).missing, messageOf(error)]),
    ).toEqual([
      [true, false, expect.stringMatching(/^s3:\/\/example-cloudtrail-logs\/large could not be read: AccessDenied/)],
      [
        true,
        false,
        expect.stringMatching(
          /^the keys below s3:\/\/example-cloudtrail-logs\/many\/ could not be listed: AccessDenied/,
        ),
      ],
    ]);
  });

  test("throws a LogFileError about a connection that breaks in the midst of an object", async () => {
    const breaking = createHttpServer((_incoming, outgoing) => {
      outgoing.writeHead(200, { "content-length": "1000" });
      outgoing.write("half", () => outgoing.destroy());
    });
    const broken = s3ObjectStore(new S3Client({ ...config, endpoint: await listen(breaking) }));
    const error = await readFrom(broken, "k").catch((thrown: unknown) => thrown);
    expect([error instanceof LogFileError, Object(error).missing, messageOf(error)]).toEqual([
      true,
      false,
      expect.stringMatching(/^s3:\/\/example-cloudtrail-logs\/k could not be read: /),
    ]);
  });

  test("is listed whole, however many keys lie there, with the folders apart", async () => {
    const { keys, folders } = await store.list(bucket, "many/");
    expect({ keys: keys.length, first: keys[0], last: keys.at(-1), distinct: new Set(keys).size, folders }).toEqual({
      keys: 1_205,
      first: "many/0000",
      last: "many/1204",
      distinct: 1_205,
      folders: ["many/a/", "many/b/"],
    });
  });

  test.each([
    ["a prefix with any characters", "AWSLogs/", [], ["AWSLogs/ü 日本+%/"]],
    ["what lies in such a folder", "AWSLogs/ü 日本+%/", [ODD], []],
    ["the root", "", ["empty", "large"], ["AWSLogs/", "many/"]],
    ["where nothing lies", "nothing/", [], []],
  ])("is listed: %s", async (_name, prefix, keys, folders) => {
    expect(await store.list(bucket, prefix)).toEqual({ keys, folders });
  });
});
