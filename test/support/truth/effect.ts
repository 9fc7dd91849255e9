import { type Answer, AwsError } from "./answer.ts";
import { changes } from "./journal.ts";
import { missingCalls } from "./missing-calls.ts";
import type { AwsRequest } from "./request.ts";
import type { World } from "./world.ts";

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
export function createEffect(world: World, forward: (request: AwsRequest) => Promise<Answer>) {
  const inTurn = createQueue();

  async function ec2(request: AwsRequest): Promise<Answer> {
    if (request.params.DryRun === "true") {
      throw new AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.");
    }
    const missing = missingCalls[request.action];
    if (missing !== undefined) return await missing(request, world);
    return await forward(request);
  }

  /** @throws AwsError where AWS refuses the call */
  return async function effect(request: AwsRequest): Promise<Answer> {
    const act = () => (request.service === "ec2" ? ec2(request) : forward(request));
    return concernsInstances(request.service) && changes(request) ? await inTurn(act) : await act();
  };
}
