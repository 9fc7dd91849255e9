import { AutoScalingClient, type AutoScalingInstanceDetails } from "@aws-sdk/client-auto-scaling";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { AwsRequest } from "./request.ts";

/** What AWS keeps and moto does not; the keys are ids. */
export type TruthState = {
  /** Times (ISO 8601) of the diagnostic interrupts that an instance received. */
  readonly interrupts: Map<string, string[]>;
  readonly locks: Map<string, SnapshotLock>;
  /** What a test says of an instance that moto cannot say. */
  readonly facts: Map<string, InstanceFacts>;
  /** By the instance that it launched. */
  readonly spotRequests: Map<string, SpotRequest>;
  readonly interfaces: Map<string, InterfaceSettings>;
  /** What is on its way from one state to another: instances, snapshots and volumes. */
  readonly transitions: Map<string, Transition>;
  /** Snapshots that are copies, with their region. */
  readonly copies: Map<string, string>;
  /** Instances that were detached from their group, as they were in it. */
  readonly detached: Map<string, AutoScalingInstanceDetails>;
  /** Instances whose interfaces show their own groups only; see groups.ts. */
  readonly ungrouped: Set<string>;
  /** Answers to calls with a ClientToken, to be given again. */
  readonly tokens: Map<string, TokenUse>;
  /** Functions that a test plays, by name. */
  readonly functions: Map<string, PlayedFunction>;
  /** Accounts that own a bucket, where a test says so. */
  readonly bucketOwners: Map<string, string>;
};

/** A lock as DescribeLockedSnapshots tells it; times in milliseconds since 1970. */
export type SnapshotLock = {
  readonly mode: "governance" | "compliance";
  readonly ownerId: string;
  readonly createdMs: number;
  readonly expiresMs: number;
  readonly days: number;
  /** End of the time in which a compliance lock can still be undone. */
  readonly coolOffUntilMs?: number;
  readonly coolOffHours?: number;
};

/** What makes an instance special. */
export type InstanceFacts = {
  /** Its root volume lives on the host: it cannot be stopped. */
  readonly rootDeviceType?: "instance-store";
  /** A state on the way: "shutting-down", in which volumes are still there, or a "pending" that does not end. */
  readonly state?: "pending" | "shutting-down" | "stopping";
  /** Its state in its Auto Scaling group: "Terminating:Wait", "Warmed:Stopped", … */
  readonly lifecycleState?: string;
  /** What its console shows; the empty text when there is nothing yet. */
  readonly consoleOutput?: string;
};

/** A spot request that is fulfilled. */
export type SpotRequest = {
  readonly id: string;
  readonly type: "one-time" | "persistent";
  readonly state: "active" | "cancelled";
};

/** What moto ignores of ModifyNetworkInterfaceAttribute. */
export type InterfaceSettings = {
  readonly deleteOnTermination?: boolean;
  /** Seconds. */
  readonly tcpEstablishedTimeout?: number;
};

/** A state that something shows until a time has come, in milliseconds since 1970; then moto's state is true. */
export type Transition = { readonly shows: string; readonly untilMs: number };

/** A Lambda function that a test plays: gets the event, gives the result; what it throws is the function's error. */
export type PlayedFunction = (event: unknown, call: { readonly qualifier?: string; readonly type: string }) => unknown;

/** A used ClientToken. */
export type TokenUse = { readonly params: string; readonly body: Buffer };

/** How long changes take, in milliseconds. Infinity: they never end. */
export type Durations = {
  /** "pending" of a start. */
  readonly startMs: number;
  /** "stopping" without Force. */
  readonly stopMs: number;
  /** "stopping" with Force. */
  readonly forcedStopMs: number;
  /** "pending" of a snapshot or a copy of one. */
  readonly snapshotMs: number;
  /** "creating", "attaching" and "detaching" of a volume. */
  readonly volumeMs: number;
  /** "Detaching" from an Auto Scaling group. */
  readonly detachMs: number;
};

type From = Pick<AwsRequest, "region" | "accessKeyId">;

/** What AWS's rules look at. */
export type World = {
  readonly state: TruthState;
  durations: Durations;
  /** Clients that ask moto directly, in the region and account of that call; such calls are not in the journal. */
  readonly clients: (of: From) => Clients;
};

/** Clients of moto. */
export type Clients = {
  readonly ec2: EC2Client;
  readonly autoScaling: AutoScalingClient;
  readonly loadBalancers: ElasticLoadBalancingV2Client;
};

/** Short, so that tests are fast, and long enough that whoever does not wait is found out. */
export const usualDurations: Durations = {
  startMs: 50,
  stopMs: 50,
  forcedStopMs: 50,
  snapshotMs: 50,
  volumeMs: 50,
  detachMs: 50,
};

function emptyState(): TruthState {
  return {
    interrupts: new Map(),
    locks: new Map(),
    facts: new Map(),
    spotRequests: new Map(),
    interfaces: new Map(),
    transitions: new Map(),
    copies: new Map(),
    detached: new Map(),
    ungrouped: new Set(),
    tokens: new Map(),
    functions: new Map(),
    bucketOwners: new Map(),
  };
}

/** A world on a running moto. */
export function createWorld(moto: string) {
  const known = new Map<string, Clients>();
  const clients = ({ region, accessKeyId }: From): Clients => {
    const key = `${region} ${accessKeyId}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const settings = { endpoint: moto, region, credentials: { accessKeyId, secretAccessKey: "test" }, maxAttempts: 1 };
    const made = {
      ec2: new EC2Client(settings),
      autoScaling: new AutoScalingClient(settings),
      loadBalancers: new ElasticLoadBalancingV2Client(settings),
    };
    known.set(key, made);
    return made;
  };
  const close = () => {
    for (const each of known.values()) for (const client of Object.values(each)) client.destroy();
  };
  const warmUp = async () => {
    await clients({ region: "us-east-1", accessKeyId: "test" }).ec2.send(new DescribeInstancesCommand({}));
  };
  const world: World = { state: emptyState(), durations: usualDurations, clients };
  return Object.assign(world, { close, warmUp });
}

/** The state that something shows for now, undefined when it has settled. */
export function transitionOf(world: World, id: string): string | undefined {
  const said = world.state.facts.get(id)?.state;
  if (said !== undefined) return said;
  const transition = world.state.transitions.get(id);
  return transition !== undefined && transition.untilMs > Date.now() ? transition.shows : undefined;
}

/** Lets something show a state for so long. */
export function startTransition(world: World, id: string, shows: string, ms: number): void {
  world.state.transitions.set(id, { shows, untilMs: Date.now() + ms });
}
