import { gunzipSync } from "node:zlib";
import * as v from "valibot";
import { SourceError } from "#model/errors.ts";
import type { SourceItem } from "#model/source-item.ts";
import type { Decoder } from "./decoder.ts";
import { shown } from "./shown.ts";

/** https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchlogs.html */
const Envelope = v.object({ awslogs: v.object({ data: v.string() }) });

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html */
const Data = v.object({
  messageType: v.literal("DATA_MESSAGE"),
  logGroup: v.string(),
  logStream: v.string(),
  logEvents: v.array(v.object({ message: v.string() })),
});
const Control = v.object({ messageType: v.literal("CONTROL_MESSAGE") });

/** An asynchronous payload is at most 1 MB, and CloudTrail's text packs to about a tenth. Against bombs. In bytes. */
const MAX_BYTES = 16 * 2 ** 20;

/** Log events of a subscription filter: base64 of gzip; each message is one record. */
export const decodeCloudWatchLogs: Decoder = (payload) => {
  const envelope = v.safeParse(Envelope, payload);
  return envelope.success ? [decodeData(envelope.output.awslogs.data)] : undefined;
};

function decodeData(encoded: string): SourceItem {
  let data: unknown;
  try {
    data = JSON.parse(gunzipSync(Buffer.from(encoded, "base64"), { maxOutputLength: MAX_BYTES }).toString());
  } catch (error) {
    if (error instanceof RangeError) return undecodable(`unpacks to more than ${MAX_BYTES} bytes`);
    // The parser's message quotes the text around the place: foreign, so it stays out.
    return undecodable("is not base64 of gzip of JSON");
  }
  if (v.is(Control, data)) return { kind: "control", what: "logs:CONTROL_MESSAGE" };
  const parsed = v.safeParse(Data, data);
  if (!parsed.success) return undecodable("holds neither log events nor a control message");
  const { logGroup, logStream, logEvents } = parsed.output;
  const records = logEvents.map(({ message }) => parseMessage(message));
  return { kind: "records", records, from: `the log stream ${shown(logStream)} of the log group ${shown(logGroup)}` };
}

/** A message that is no JSON stays a text, so that it is counted and reported as a record that cannot be judged. */
function parseMessage(message: string): unknown {
  try {
    return JSON.parse(message);
  } catch {
    return message;
  }
}

function undecodable(reason: string): SourceItem {
  return { kind: "undecodable", error: new SourceError(`the payload of CloudWatch Logs ${reason}`) };
}
