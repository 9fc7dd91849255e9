/**
 * The truth proxy: moto behaves as AWS for tests of the incident response.
 *
 *     const truth = await useTruth();                            // in a test file: one moto for it; see use-truth.ts
 *     const truth = await startTruth();                          // elsewhere; or startTruth({ moto: url, others: url })
 *     const ec2 = new EC2Client(truth.client);                   // endpoint, region and keys; S3 needs forcePathStyle
 *     const victim = await launch(truth, { interfaces: 2 });     // shapes.ts, grouped-shapes.ts, networks.ts
 *     truth.forgetCalls();                                       // making it was recorded too
 *     truth.inject({ on: "CreateSnapshots", fault: { kind: "throttle" }, times: 3 });
 *     truth.inject({ on: "ec2:StopInstances", from: 2, fault: { kind: "lost" } });
 *     truth.takes({ stopMs: Infinity });                         // until truth.settle(); other changes take 50 ms
 *     truth.say(victim.id, { lifecycleState: "Terminating:Wait" });
 *     truth.calls("StopInstances");                              // every attempt, in order of arrival, with its parameters
 *     truth.calls((call) => call.mutating);                      // a dry run makes none
 *     iamActionsOf(truth.calls());                               // the permissions that they need; iam-actions.ts
 *     await truth.reset();                                       // everything empty: emulator, journal, faults
 *     await truth.stop();
 *
 * It names and records every call of any service and forwards it. rules.ts lists what it adds, refuses and mends, by action;
 * faults.ts, what can go wrong before or after an effect. EC2, Auto Scaling and load balancers always go to moto; `others`
 * sends the other services somewhere else, such as ministack, so that one AWS_ENDPOINT_URL serves a whole program.
 *
 * It does not know: permissions (inject `denied`), quotas other than those in rules.ts, connections, a volume at two
 * instances, and what moto filters by a state that the proxy shows for a while (what would fit is then missing).
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { startMoto } from "#test/support/moto.ts";
import { type Answer, AwsError, errorAnswer, throttleCode } from "./answer.ts";
import { concernsInstances, createEffect } from "./effect.ts";
import {
  actAfter,
  actBefore,
  createFaults,
  type Disappearance,
  type Injected,
  type Injection,
  type RateLimit,
} from "./faults.ts";
import { createForwarder } from "./forward.ts";
import { type Call, type CallFilter, changes, fits } from "./journal.ts";
import { type AwsRequest, readRequest } from "./request.ts";
import { createWorld, type Durations, type InstanceFacts, type PlayedFunction, usualDurations } from "./world.ts";

/** Where the emulators are. */
export type TruthOptions = {
  /** Base URL of a running moto, which stays running; without it one is started and stopped with the proxy. */
  readonly moto?: string;
  /** Base URL for everything but EC2, Auto Scaling and load balancers; moto when absent. */
  readonly others?: string;
};

/** A running proxy. */
export type Truth = {
  /** Its base URL, for AWS_ENDPOINT_URL. */
  readonly url: string;
  /** Base URL of moto itself, for what a test does behind the proxy's back. */
  readonly moto: string;
  /** Settings for clients of the AWS SDK. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** The recorded calls that fit, in the order of arrival; all without a filter. */
  readonly calls: (filter?: CallFilter) => readonly Call[];
  /** Makes calls fail; see {@link Injection}. */
  readonly inject: (injection: Injection) => Injected;
  /** Throttles what exceeds a rate, in the words of each service. */
  readonly limit: (limit: RateLimit) => () => void;
  /** Says of an instance what moto cannot. */
  readonly say: (instanceId: string, facts: InstanceFacts) => void;
  /** Says to which account (12 digits) a bucket belongs, which no emulator knows. */
  readonly bucketBelongsTo: (bucket: string, account: string) => void;
  /** Plays a Lambda function, which moto cannot run; its name, without ARN and alias. */
  readonly plays: (functionName: string, play: PlayedFunction) => void;
  /** How long stops, snapshots and so on take from now on; 50 ms each when not said. */
  readonly takes: (durations: Partial<Durations>) => void;
  /** Ends at once whatever is on its way, also what takes for ever. */
  readonly settle: () => void;
  /** Times (ISO 8601) of the diagnostic interrupts that the instance received. */
  readonly interrupts: (instanceId: string) => readonly string[];
  /** Forgets journal and faults, of one region or of all; emulator and state stay. */
  readonly forgetCalls: (region?: string) => void;
  /** Forgets everything, in moto too (not in `others`). */
  readonly reset: () => Promise<void>;
  /** Ends it, with moto where it was started here; answers that hang are cut. */
  readonly stop: () => Promise<void>;
};

type Ending = { readonly answer: Answer } | { readonly gone: Disappearance };

/** Starts the proxy on a free port of 127.0.0.1. */
export async function startTruth(options: TruthOptions = {}): Promise<Truth> {
  const ownMoto = options.moto === undefined ? await startMoto() : undefined;
  const moto = options.moto ?? ownMoto?.endpoint ?? "";
  const others = options.others ?? moto;
  const world = createWorld(moto);
  // moto reads its tables of types and images at the first call, which takes seconds.
  if (ownMoto !== undefined) await world.warmUp();
  const forwarder = createForwarder();
  const effect = createEffect(world, (request) =>
    forwarder.forward(concernsInstances(request.service) ? moto : others, request),
  );
  const faults = createFaults();
  const journal: Call[] = [];
  let arrived = 0;

  async function conclude(request: AwsRequest, call: Call): Promise<Ending> {
    const fail = (error: AwsError) => {
      call.errorCode = error.code;
      return { answer: errorAnswer(request.protocol, error, call.requestId) };
    };
    call.outcome = "fault";
    try {
      if (faults.isOverLimit(call)) throw new AwsError(throttleCode(request.protocol), "Request limit exceeded.");
      const hitting = faults.hitting(call);
      const before = await actBefore(hitting, call, request.protocol);
      if (before !== undefined) return { gone: before };
      call.outcome = "running";
      const answer = await effect(request).catch((error: unknown) => {
        if (!(error instanceof AwsError)) throw error;
        return fail(error).answer;
      });
      call.applied = answer.status < 400;
      call.outcome = call.applied ? "done" : "refused";
      const code = errorCodeOf(answer);
      if (code !== undefined) call.errorCode = code;
      const after = call.applied ? actAfter(hitting) : undefined;
      return after === undefined ? { answer } : { gone: after };
    } catch (error) {
      call.outcome = "fault";
      return fail(error instanceof AwsError ? error : new AwsError("InternalError", `The proxy failed: ${error}`));
    }
  }

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await readRequest(incoming);
    arrived += 1;
    const call = newCall(request, arrived);
    journal.push(call);
    const ending = await conclude(request, call);
    call.endedMs = performance.now();
    if ("gone" in ending) {
      if (call.applied) call.outcome = "fault";
      if (ending.gone === "reset") incoming.socket.resetAndDestroy();
      return;
    }
    call.status = ending.answer.status;
    const { status, headers, body } = withRequestId(ending.answer, call.requestId);
    outgoing.writeHead(status, { ...headers, "content-length": headers["content-length"] ?? body.length }).end(body);
  }

  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch((error: unknown) => outgoing.destroy(error instanceof Error ? error : undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;

  const forgetCalls = (region?: string) => {
    const kept = region === undefined ? [] : journal.filter((call) => call.region !== region);
    journal.splice(0, journal.length, ...kept);
    if (kept.length === 0) arrived = 0;
    faults.clear(region);
  };
  return {
    url,
    moto,
    client: { endpoint: url, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } },
    calls: (filter) => journal.filter((call) => fits(filter, call)),
    inject: faults.inject,
    limit: faults.limit,
    say: (instanceId, facts) =>
      void world.state.facts.set(instanceId, { ...world.state.facts.get(instanceId), ...facts }),
    bucketBelongsTo: (bucket, account) => void world.state.bucketOwners.set(bucket, account),
    plays: (functionName, play) => void world.state.functions.set(functionName, play),
    takes: (durations) => {
      world.durations = { ...world.durations, ...durations };
    },
    settle: () => world.state.transitions.clear(),
    interrupts: (instanceId) => world.state.interrupts.get(instanceId) ?? [],
    forgetCalls,
    reset: async () => {
      forgetCalls();
      for (const each of Object.values(world.state)) each.clear();
      world.durations = usualDurations;
      await fetch(`${moto}/moto-api/reset`, { method: "POST" });
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      forwarder.close();
      world.close();
      await ownMoto?.stop();
    },
  };
}

function newCall(request: AwsRequest, number: number): Call {
  const { service, action, params, region, accessKeyId, headers } = request;
  const attempt = /attempt=(\d+)/.exec(String(headers["amz-sdk-request"] ?? ""))?.[1];
  return {
    number,
    service,
    action,
    params,
    region,
    accessKeyId,
    invocationId: String(headers["amz-sdk-invocation-id"] ?? ""),
    attempt: Number(attempt ?? 1),
    requestId: randomUUID(),
    startedMs: performance.now(),
    mutating: changes(request),
    outcome: "running",
    status: 0,
    applied: false,
  };
}

/** The error code of an emulator's answer. */
function errorCodeOf({ status, headers, body }: Answer): string | undefined {
  if (status < 400) return undefined;
  const text = body.toString("utf8");
  const code =
    headers["x-amzn-errortype"] ?? /<Code>([^<]+)|"__type": *"(?:[^"#]*#)?([^"]+)"/.exec(text)?.slice(1).join("");
  return code ?? String(status);
}

/** The answer with an id of its own: moto gives the same one to every call. */
function withRequestId(answer: Answer, requestId: string): Answer {
  const headers: Record<string, string> = {
    ...answer.headers,
    "x-amzn-requestid": requestId,
    "x-amz-request-id": requestId,
  };
  if (!/<request-?id/i.test(answer.body.subarray(0, 2_000).toString() + answer.body.subarray(-400).toString())) {
    return { ...answer, headers };
  }
  const { "content-length": _, ...rest } = headers;
  const text = answer.body.toString("utf8");
  const body = text.replace(/<(requestId|RequestId|RequestID)\s*(?:\/>|>[^<]*<\/\1>)/, `<$1>${requestId}</$1>`);
  return { status: answer.status, headers: rest, body: Buffer.from(body) };
}
