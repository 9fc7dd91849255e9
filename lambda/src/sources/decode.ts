import { SourceError } from "#model/errors.ts";
import type { SourceItem } from "#model/source-item.ts";
import { decodeCloudTrailTopic } from "./cloudtrail-topic.ts";
import { decodeCloudWatchAlarm } from "./cloudwatch-alarm.ts";
import { decodeCloudWatchLogs } from "./cloudwatch-logs.ts";
import type { Decoder, ReadInner } from "./decoder.ts";
import { decodeEventBridge } from "./eventbridge.ts";
import { decodeLambdaDestination } from "./lambda-destination.ts";
import { decodeNotice } from "./notice.ts";
import { decodeReconcileRequest } from "./reconcile-request.ts";
import { decodeS3 } from "./s3.ts";
import { decodeSns } from "./sns.ts";
import { decodeSnsNotification } from "./sns-notification.ts";
import { decodeSqs } from "./sqs.ts";
import { decodeWindowEnd } from "./window-end.ts";

/** One decoder per envelope, found by shape: each answers undefined to what it does not know. */
const DECODERS: readonly Decoder[] = [
  decodeS3,
  decodeSns,
  decodeSqs,
  decodeSnsNotification,
  decodeCloudTrailTopic,
  decodeEventBridge,
  decodeCloudWatchLogs,
  decodeCloudWatchAlarm,
  decodeLambdaDestination,
  decodeReconcileRequest,
  decodeWindowEnd,
  decodeNotice,
];

const EXPECTED =
  "an S3 event notification, CloudTrail's notification with s3Bucket and s3ObjectKey, an EventBridge event, a CloudWatch Logs subscription or a CloudWatch alarm, directly or through SNS or SQS";

/** What CloudTrail publishes, not as JSON, to see whether it may publish to a topic. */
const VALIDATION = "CloudTrail validation message.";

/** Envelopes in envelopes. SNS in SQS is two, a failed invocation in a queue may add two; more is made to harm. */
const MAX_DEPTH = 5;

/** What to read or tell, by the payload that invoked the function: at least one item, in the payload's order. Never throws. */
export function decode(payload: unknown): readonly SourceItem[] {
  return decodeAt(payload, "the payload", 1);
}

function decodeAt(payload: unknown, where: string, depth: number): readonly SourceItem[] {
  const readInner: ReadInner = (text, inner) => {
    if (text === VALIDATION) return [{ kind: "control", what: "validation message of CloudTrail" }];
    if (depth === MAX_DEPTH) return [undecodable(`${inner} holds envelopes nested more than ${MAX_DEPTH} deep`)];
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      // The parser's message quotes the text around the place: foreign, so it stays out.
      return [undecodable(`${inner} is not JSON; expected ${EXPECTED}`)];
    }
    return decodeAt(value, inner, depth + 1);
  };
  for (const decoder of DECODERS) {
    const items = decoder(payload, readInner);
    if (items !== undefined) return items;
  }
  return [undecodable(`${where} (${shapeOf(payload)}) is of an unknown shape; expected ${EXPECTED}`)];
}

function undecodable(message: string): SourceItem {
  return { kind: "undecodable", error: new SourceError(message) };
}

/** What helps to find out what it is, and quotes none of its values. */
function shapeOf(payload: unknown): string {
  if (payload === null) return "null";
  if (Array.isArray(payload)) return "a list";
  if (typeof payload !== "object") return `a ${typeof payload}`;
  const keys = Object.keys(payload).slice(0, 5).join(", ").slice(0, 100);
  return keys === "" ? "an empty object" : `with ${keys}`;
}
