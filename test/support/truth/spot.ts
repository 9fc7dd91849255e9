import { AwsError, ec2Answer } from "./answer.ts";
import { filtersOf, listOf } from "./lookups.ts";
import type { Correction, Handler } from "./rule.ts";
import type { SpotRequest, World } from "./world.ts";
import { type Element, element, elementsAt, escapeXml, setChild, textAt } from "./xml.ts";

const typeOf = (text: string | undefined) => (text === "persistent" ? "persistent" : "one-time");

/** RequestSpotInstances: remembers which request launched which instance. */
export const rememberSpotRequests: Correction = (answer, _request, world) => {
  for (const item of elementsAt(answer, "spotInstanceRequestSet", "item")) {
    const instanceId = textAt(item, "instanceId");
    const id = textAt(item, "spotInstanceRequestId");
    if (instanceId === undefined || id === undefined) continue;
    world.state.spotRequests.set(instanceId, { id, type: typeOf(textAt(item, "type")), state: "active" });
  }
};

/** RunInstances with the market type "spot" makes a request too; moto forgets it. */
export const rememberSpotLaunch: Correction = (answer, { params }, world) => {
  if (params["InstanceMarketOptions.MarketType"] !== "spot") return;
  const type = typeOf(params["InstanceMarketOptions.SpotOptions.SpotInstanceType"]);
  for (const item of elementsAt(answer, "instancesSet", "item")) {
    const instanceId = textAt(item, "instanceId") ?? "";
    world.state.spotRequests.set(instanceId, { id: `sir-${instanceId.slice(-8)}`, type, state: "active" });
  }
};

/** What DescribeInstances says of a spot instance. */
export function correctSpot(instance: Element, world: World): void {
  const request = world.state.spotRequests.get(textAt(instance, "instanceId") ?? "");
  if (request === undefined) return;
  setChild(instance, element("instanceLifecycle", "spot"));
  setChild(instance, element("spotInstanceRequestId", request.id));
}

/** DescribeSpotInstanceRequests: by ids and by the filters that concern an instance. */
export const describeSpotRequests: Handler = async ({ action, params }, world) => {
  const ids = listOf(params, "SpotInstanceRequestId");
  const filters = filtersOf(params);
  const items = [...world.state.spotRequests].filter(([instanceId, { id, type, state }]) => {
    const values = { "instance-id": instanceId, "spot-instance-request-id": id, type, state } as Record<string, string>;
    if (ids.length > 0 && !ids.includes(id)) return false;
    return [...filters].every(([name, wanted]) => {
      const value = values[name];
      if (value === undefined) throw new AwsError("InvalidParameterValue", `The filter '${name}' is not known here.`);
      return wanted.includes(value);
    });
  });
  if (ids.length > 0 && items.length < ids.length) {
    throw new AwsError("InvalidSpotInstanceRequestID.NotFound", `The spot instance request ID '${ids}' does not exist`);
  }
  return ec2Answer(action, `<spotInstanceRequestSet>${items.map(describe).join("")}</spotInstanceRequestSet>`);
};

function describe([instanceId, { id, type, state }]: readonly [string, SpotRequest]): string {
  const code = state === "active" ? "fulfilled" : "request-canceled-and-instance-running";
  return [
    `<item><spotInstanceRequestId>${id}</spotInstanceRequestId><instanceId>${escapeXml(instanceId)}</instanceId>`,
    `<type>${type}</type><state>${state}</state><status><code>${code}</code></status></item>`,
  ].join("");
}

/** CancelSpotInstanceRequests: the instance goes on, and the request is still there to be described. */
export const cancelSpotRequests: Handler = async ({ action, params }, world) => {
  const ids = listOf(params, "SpotInstanceRequestId");
  for (const [instanceId, request] of world.state.spotRequests) {
    if (ids.includes(request.id)) world.state.spotRequests.set(instanceId, { ...request, state: "cancelled" });
  }
  const items = ids.map(
    (id) => `<item><spotInstanceRequestId>${id}</spotInstanceRequestId><state>cancelled</state></item>`,
  );
  return ec2Answer(action, `<spotInstanceRequestSet>${items.join("")}</spotInstanceRequestSet>`);
};
