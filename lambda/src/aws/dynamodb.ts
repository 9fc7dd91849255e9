import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { Clock, Ledger } from "#model/ports.ts";
import { nameOfObject } from "#model/source-item.ts";
import { impatience } from "./impatience.ts";

/** How many keys one call may name. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const MAX_KEYS = 100;
const DAY_SECONDS = 24 * 3600;
/** Somebody else writes one of the rows at this moment. */
const CONFLICT = "TransactionConflict";
const CONFLICT_WAIT_MS = 100;

/** What the adapter needs to know of a deployment. */
export interface LedgerOptions {
  readonly table: string;
  /** How long it is remembered what was told and read, in days. */
  readonly retentionDays: number;
  /** The time between two messages for one destination, in milliseconds. */
  readonly spacingMs: number;
  /** Tells this process from all others. */
  readonly owner: string;
  readonly clock: Clock;
  readonly client?: DynamoDBClient;
}

/** A client that does not keep an alert waiting for a table that is not there. */
function impatientClient(): DynamoDBClient {
  // Two attempts fit into what is kept for handing back.
  return new DynamoDBClient({ maxAttempts: 2, requestHandler: impatience(2_000) });
}

/** The ledger as a DynamoDB table: key `id`, TTL attribute `expiresAt`. */
export function dynamodbLedger(options: LedgerOptions): Ledger {
  const { table, owner, clock, spacingMs, client = impatientClient() } = options;
  const TableName = table;
  const expiresAt = () => ({
    N: String(Math.floor(clock.nowMs() / 1000) + Math.round(options.retentionDays * DAY_SECONDS)),
  });

  /** The items with these ids that are there. */
  const itemsOf = async (ids: readonly string[]): Promise<readonly Item[]> => {
    const items: Item[] = [];
    const unread = [...new Set(ids)];
    for (let calls = 0; unread.length > 0; calls++) {
      if (calls > ids.length) throw new Error(`the table ${table} does not answer for all keys`);
      const Keys = unread.splice(0, MAX_KEYS).map((id) => ({ id: { S: id } }));
      const answer = await client.send(
        new BatchGetItemCommand({ RequestItems: { [table]: { Keys, ConsistentRead: true } } }),
      );
      items.push(...(answer.Responses?.[table] ?? []));
      unread.push(...(answer.UnprocessedKeys?.[table]?.Keys ?? []).flatMap(({ id }) => id?.S ?? []));
    }
    return items;
  };

  return {
    async delivered(keys) {
      const items = await itemsOf(keys);
      return new Set(items.flatMap((item) => (item.state?.S === "delivered" && item.id?.S ? [item.id.S] : [])));
    },

    async claim(key, untilMs) {
      // The client asks again when an answer is lost, and must not take its own claim for another's.
      const claim = crypto.randomUUID();
      try {
        await client.send(
          new PutItemCommand({
            TableName,
            Item: {
              id: { S: key },
              state: { S: "claimed" },
              owner: { S: owner },
              claim: { S: claim },
              untilMs: { N: String(Math.ceil(untilMs)) },
              expiresAt: expiresAt(),
            },
            ConditionExpression: "attribute_not_exists(id) OR (#state = :claimed AND untilMs < :now)",
            ExpressionAttributeNames: { "#state": "state" },
            ExpressionAttributeValues: { ":claimed": { S: "claimed" }, ":now": { N: String(clock.nowMs()) } },
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        );
        return { kind: "mine" };
      } catch (error) {
        // Somebody is just writing that it was told, or will not have.
        if (isConflict(error)) return { kind: "held", untilMs: clock.nowMs() };
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        if (error.Item?.state?.S === "delivered") return { kind: "delivered" };
        if (error.Item?.claim?.S === claim) return { kind: "mine" };
        return { kind: "held", untilMs: Number(error.Item?.untilMs?.N ?? untilMs) };
      }
    },

    async confirm(key) {
      const Item = { id: { S: key }, state: { S: "delivered" }, expiresAt: expiresAt() };
      const put = () => client.send(new PutItemCommand({ TableName, Item }));
      // The transaction that is in the way says the same, or ends within milliseconds.
      await put().catch(async (error) => {
        if (!isConflict(error)) throw error;
        await clock.sleep(CONFLICT_WAIT_MS);
        await put();
      });
    },

    async release(key) {
      const condition = {
        ConditionExpression: "#state = :claimed AND #owner = :owner",
        ExpressionAttributeNames: { "#state": "state", "#owner": "owner" },
        ExpressionAttributeValues: { ":claimed": { S: "claimed" }, ":owner": { S: owner } },
      };
      await client
        .send(new DeleteItemCommand({ TableName, Key: { id: { S: key } }, ...condition }))
        .catch((error) => (isConflict(error) ? undefined : unlessConditionFailed(error)));
    },

    async window(id) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName, Key: { id: { S: id } }, ConsistentRead: true }),
      );
      if (Item?.window?.S === undefined) return undefined;
      return { window: JSON.parse(Item.window.S), version: Number(Item.version?.N) };
    },

    async keepWindow(id, window, version, told) {
      const condition = {
        ConditionExpression: version === undefined ? "attribute_not_exists(id)" : "version = :version",
        ...(version === undefined ? {} : { ExpressionAttributeValues: { ":version": { N: String(version) } } }),
      };
      // From its time on, so that a window which was forgotten and is there anew is not taken for the old one.
      const next = { N: String((version ?? window?.openedMs ?? 0) + 1) };
      const kept =
        window === undefined
          ? { Delete: { TableName, Key: { id: { S: id } }, ...condition } }
          : {
              Put: {
                TableName,
                Item: { id: { S: id }, window: { S: JSON.stringify(window) }, version: next, expiresAt: expiresAt() },
                ...condition,
              },
            };
      const rows = told.map((key) => ({
        Put: { TableName, Item: { id: { S: key }, state: { S: "delivered" }, expiresAt: expiresAt() } },
      }));
      try {
        await client.send(new TransactWriteItemsCommand({ TransactItems: [kept, ...rows] }));
        return true;
      } catch (error) {
        if (!(error instanceof TransactionCanceledException)) throw error;
        const reasons = error.CancellationReasons?.map(({ Code }) => Code) ?? [];
        if (!reasons.every((code) => code === "None" || code === "ConditionalCheckFailed" || code === CONFLICT))
          throw error;
        return false;
      }
    },

    async takeSlot(destination, notBeforeMs, notAfterMs) {
      const Key = { id: { S: `slot/${destination}` } };
      const wantedMs = Math.ceil(Math.max(notBeforeMs, clock.nowMs()));
      const number = (ms: number) => ({ N: String(Math.floor(ms)) });
      const take = async (expression: string, condition: string, values: Readonly<Record<string, { N: string }>>) => {
        const { Attributes } = await client.send(
          new UpdateItemCommand({
            TableName,
            Key,
            UpdateExpression: `SET freeFromMs = ${expression}, expiresAt = :expiresAt`,
            ConditionExpression: condition,
            ExpressionAttributeValues: { ...values, ":wanted": number(wantedMs), ":expiresAt": expiresAt() },
            ReturnValues: "UPDATED_NEW",
          }),
        );
        return Number(Attributes?.freeFromMs?.N) - spacingMs;
      };
      const takeFree = () =>
        take(":next", "attribute_not_exists(freeFromMs) OR freeFromMs <= :wanted", {
          ":next": number(wantedMs + spacingMs),
        });
      // DynamoDB adds it up, so that nobody who asks at the same time loses a race.
      const takeNext = () =>
        take("freeFromMs + :spacing", "freeFromMs > :wanted AND freeFromMs <= :latest", {
          ":spacing": number(spacingMs),
          ":latest": number(notAfterMs),
        });
      if (wantedMs > notAfterMs) return undefined;
      return (
        (await takeFree().catch(unlessConditionFailed)) ??
        (await takeNext().catch(unlessConditionFailed)) ??
        // It has become free between the two, or is too late.
        (await takeFree().catch(unlessConditionFailed))
      );
    },

    async processed(objects) {
      const items = await itemsOf(objects.map((object) => `object/${nameOfObject(object)}`));
      return new Map(
        items.flatMap(({ id, sha256 }) =>
          id?.S && sha256?.S ? [[id.S.slice("object/".length), { sha256: sha256.S }] as const] : [],
        ),
      );
    },

    async markProcessed(object, { sha256 }) {
      const Item = {
        id: { S: `object/${nameOfObject(object)}` },
        sha256: { S: sha256 },
        atMs: { N: String(clock.nowMs()) },
        expiresAt: expiresAt(),
      };
      await client.send(new PutItemCommand({ TableName, Item }));
    },
  };
}

/** As DynamoDB writes it: each value under the name of its type. */
type Item = Readonly<Record<string, { readonly S?: string | undefined; readonly N?: string | undefined } | undefined>>;

function unlessConditionFailed(error: unknown): undefined {
  if (!(error instanceof ConditionalCheckFailedException)) throw error;
}

/** Whether a transaction is writing the row at this moment: DynamoDB then refuses whatever else would. */
function isConflict(error: unknown): boolean {
  return error instanceof Error && error.name === "TransactionConflictException";
}
