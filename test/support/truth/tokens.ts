import { createHash } from "node:crypto";
import { type Answer, AwsError } from "./answer.ts";
import type { AwsRequest } from "./request.ts";
import type { World } from "./world.ts";

const actions = ["CreateVolume", "RunInstances"];

/** What is the same in calls that are the same. */
function fingerprint({ params }: AwsRequest): string {
  return createHash("sha256")
    .update(JSON.stringify(Object.entries(params).sort()))
    .digest("hex");
}

/**
 * Makes the effect of a call with a ClientToken happen once, as EC2 does: the same call gets the same answer again, another
 * one with the same token is refused. Calls without a token just happen.
 */
export async function once(world: World, request: AwsRequest, act: () => Promise<Answer>): Promise<Answer> {
  const token = request.params.ClientToken;
  if (token === undefined || !actions.includes(request.action)) return await act();
  const key = [request.region, request.accessKeyId, request.action, token].join(" ");
  const params = fingerprint(request);
  const used = world.state.tokens.get(key);
  if (used === undefined) {
    const answer = await act();
    if (answer.status < 400) world.state.tokens.set(key, { params, body: answer.body });
    return answer;
  }
  if (used.params === params) return { status: 200, headers: { "content-type": "text/xml" }, body: used.body };
  throw new AwsError("IdempotentParameterMismatch", `The token '${token}' was used for a call with other parameters.`);
}
