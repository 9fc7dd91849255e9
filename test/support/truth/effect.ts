import { type Answer, AwsError } from "./answer.ts";
import { refuseStrangersBucket } from "./buckets.ts";
import { changes } from "./journal.ts";
import type { AwsRequest } from "./request.ts";
import type { Forward } from "./rule.ts";
import { corrections, handlers, refusals } from "./rules.ts";
import { once } from "./tokens.ts";
import type { World } from "./world.ts";
import { formatXml, parseXml } from "./xml.ts";

/** Runs one task after the other, whatever becomes of them. */
function createQueue() {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(task: () => Promise<T>): Promise<T> => {
    const next = last.then(task, task);
    last = next.catch(() => undefined);
    return next;
  };
}

/** Services whose calls act on instances. They live in moto, whose models are not safe among threads. */
const instanceServices = new Set(["ec2", "autoscaling", "elasticloadbalancing"]);

/** Whether a service's calls act on instances. */
export function concernsInstances(service: string): boolean {
  return instanceServices.has(service);
}

/**
 * What a call does and how it is answered when no fault is injected.
 * Changes of one proxy happen one after the other, so that a check and its effect are one, as on AWS.
 * @param forward hands the call to its emulator
 */
export function createEffect(world: World, forward: Forward) {
  const inTurn = createQueue();

  async function apply(request: AwsRequest): Promise<Answer> {
    const name = `${request.service}:${request.action}`;
    for (const refuse of refusals[name] ?? []) await refuse(request, world);
    const handle = handlers[name];
    const answer = handle === undefined ? await forward(request) : await handle(request, world, forward);
    const correcting = corrections[name];
    if (correcting === undefined || answer.status >= 400) return answer;
    const tree = parseXml(answer.body.toString("utf8"));
    for (const correct of correcting) await correct(tree, request, world);
    const { "content-length": _, ...headers } = answer.headers;
    return { ...answer, headers, body: Buffer.from(formatXml(tree)) };
  }

  /** @throws AwsError where AWS refuses the call */
  return async function effect(request: AwsRequest): Promise<Answer> {
    if (request.service === "ec2" && request.params.DryRun === "true") {
      throw new AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.");
    }
    if (request.service === "s3") await refuseStrangersBucket(request, world);
    const act = () => once(world, request, () => apply(request));
    return concernsInstances(request.service) && changes(request) ? await inTurn(act) : await act();
  };
}
