import { InvokeCommand, LambdaClient, type LambdaClientConfig } from "@aws-sdk/client-lambda";
import * as v from "valibot";
import { plain } from "#delivery/plain.ts";
import { messageOf } from "#model/errors.ts";
import { type Asked, awsError, regionOf } from "./aws-error.ts";

/** What a function made of a payload. */
export type Answer =
  | { readonly kind: "answered"; readonly value: unknown }
  /** It threw, ran out of time or memory, or AWS would not take the payload; the reason is one harmless line. */
  | { readonly kind: "failed"; readonly reason: string };

/**
 * Hands one payload to the deployed function and waits for its answer.
 * @param payload JSON
 * @throws CommandError when no payload can be handed in: the function is missing, forbidden or cannot be reached
 */
export type Invoke = (payload: string) => Promise<Answer>;

/**
 * Leaves one payload with Lambda, which hands it to the deployed function, again and again if need be.
 * @param payload JSON
 * @throws CommandError when Lambda does not take it
 */
export type Submit = (payload: string) => Promise<void>;

/** The module points everything at this alias. */
const ALIAS = "live";
/** Enough of a reason. In characters. */
const MAX_REASON = 1_000;
/**
 * Longer than a function may run: 15 minutes.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const REQUEST_TIMEOUT_MS = 16 * 60_000;

/** What is wrong with one payload, or only now, and says nothing about the next one. */
const OF_ONE_PAYLOAD: ReadonlySet<string> = new Set([
  "InvalidRequestContentException",
  "RequestTooLargeException",
  "TooManyRequestsException",
]);

/** What Lambda answers for a function that failed. https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html */
const FunctionError = v.object({ errorMessage: v.optional(v.string(), ""), errorType: v.optional(v.string(), "") });

/** The function behind the alias `live` of a deployment, in the client's region. Throttling is waited for. */
export async function liveFunction(functionName: string, config: LambdaClientConfig): Promise<Invoke> {
  const { client, asked, target } = await connect(functionName, config);
  return async (payload) => {
    try {
      const { FunctionError: failed, Payload } = await client.send(new InvokeCommand({ ...target, Payload: payload }));
      const text = Payload?.transformToString() ?? "";
      return failed === undefined
        ? { kind: "answered", value: parse(text) }
        : { kind: "failed", reason: reasonOf(text) };
    } catch (error) {
      if (error instanceof Error && OF_ONE_PAYLOAD.has(error.name)) {
        return { kind: "failed", reason: plain(`${error.name}: ${messageOf(error)}`, { max: MAX_REASON }) };
      }
      throw awsError(error, asked);
    }
  };
}

/**
 * The way in front of {@link liveFunction} that does not wait: what fails takes the retry path of the module.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html
 */
export async function liveFunctionLater(functionName: string, config: LambdaClientConfig): Promise<Submit> {
  const { client, asked, target } = await connect(functionName, config);
  return async (payload) => {
    try {
      await client.send(new InvokeCommand({ ...target, Payload: payload, InvocationType: "Event" }));
    } catch (error) {
      throw awsError(error, asked);
    }
  };
}

async function connect(functionName: string, config: LambdaClientConfig) {
  const client = new LambdaClient({
    retryMode: "adaptive",
    maxAttempts: 8,
    requestHandler: { requestTimeout: REQUEST_TIMEOUT_MS },
    ...config,
  });
  const asked: Asked = {
    what: `the function "${functionName}" (alias ${ALIAS}) in ${await regionOf(client)}`,
    whenMissing: "name it with --function-name, or its region with --region",
    permissions: ["lambda:InvokeFunction"],
  };
  return { client, asked, target: { FunctionName: functionName, Qualifier: ALIAS } };
}

function reasonOf(text: string): string {
  const parsed = v.safeParse(FunctionError, parse(text));
  const reason = parsed.success ? parsed.output.errorMessage || parsed.output.errorType : "";
  return plain(reason, { max: MAX_REASON }) || "the function failed without a reason; see its log";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
