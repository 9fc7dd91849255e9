import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterEach, expect, test } from "vitest";
import { dynamodbLedger } from "#aws/dynamodb.ts";
import { SPACING_MS } from "#ledger/guarded-ledger.ts";
import { fakeClock } from "#test/support/fakes.ts";

const TYPE = "com.amazonaws.dynamodb.v20120810#";
const CONFLICT = { __type: `${TYPE}TransactionConflictException`, message: "Transaction is ongoing for the item" };
const cancelled = (...codes: readonly string[]) => ({
  __type: `${TYPE}TransactionCanceledException`,
  message: "cancelled",
  CancellationReasons: codes.map((Code) => ({ Code, Message: Code })),
});

let close: (() => void) | undefined;
afterEach(() => close?.());

/** A ledger whose table gives these answers, one after the other, and then accepts everything: no emulator refuses so. */
async function ledgerThatHears(...answers: readonly object[]) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(String(request.headers["x-amz-target"]).split(".")[1] ?? "");
    const answer = answers[asked.length - 1];
    request.resume().once("end", () => {
      response.writeHead(answer === undefined ? 200 : 400, { "content-type": "application/x-amz-json-1.0" });
      response.end(JSON.stringify(answer ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  close = () => void server.close();
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: "eu-central-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    maxAttempts: 1,
  });
  const clock = fakeClock();
  const options = { table: "t", retentionDays: 30, spacingMs: SPACING_MS, owner: "me", clock, client };
  return { ledger: dynamodbLedger(options), asked, clock };
}

test("a row that a transaction is writing is held for a moment, and not told by two", async () => {
  const { ledger, clock } = await ledgerThatHears(CONFLICT);
  expect(await ledger.claim("k", clock.nowMs() + 60_000)).toEqual({ kind: "held", untilMs: clock.nowMs() });
});

test("what was told is confirmed after the transaction, and what was not is let go", async () => {
  const { ledger, asked, clock } = await ledgerThatHears(CONFLICT);
  await ledger.confirm("k");
  expect([asked, clock.slept]).toEqual([["PutItem", "PutItem"], [100]]);
  const letting = await ledgerThatHears(CONFLICT);
  await letting.ledger.release("k");
  expect(letting.asked).toEqual(["DeleteItem"]);
});

test("a window that others are just changing was not kept; a transaction that failed for another reason is an error", async () => {
  const raced = await ledgerThatHears(cancelled("TransactionConflict", "None"));
  expect(await raced.ledger.keepWindow("window/1", undefined, 1, ["k"])).toBe(false);
  const other = await ledgerThatHears(cancelled("ConditionalCheckFailed", "ThrottlingError"));
  await expect(other.ledger.keepWindow("window/1", undefined, 1, ["k"])).rejects.toThrow("cancelled");
});
