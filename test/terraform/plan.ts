import { gunzipSync } from "node:zlib";

/** What a plan (or a state) says about one resource that the module makes. */
export interface PlannedResource {
  /** Such as `module.cloudtrail_to_slack.aws_lambda_function.this`. */
  readonly address: string;
  readonly type: string;
  /** The planned attributes; what is known only after the apply is absent. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** Whether a value of unknown origin is an object with keys. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value of unknown origin as a list; empty when it is none. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The resources that a plan's JSON (of `terraform show` or `terraform test`) makes or changes. */
export function resourcesOf(plan: unknown): readonly PlannedResource[] {
  const changes = isRecord(plan) && Array.isArray(plan.resource_changes) ? plan.resource_changes.filter(isRecord) : [];
  return changes.flatMap(({ address, mode, type, change }) =>
    mode === "managed" && isRecord(change) && isRecord(change.after)
      ? [{ address: String(address), type: String(type), values: change.after }]
      : [],
  );
}

/** The resources that the text of a state file holds, those of data sources not among them. */
export function resourcesOfState(state: string): readonly PlannedResource[] {
  const parsed: unknown = JSON.parse(state);
  return list(isRecord(parsed) ? parsed.resources : []).flatMap((resource) => {
    if (!isRecord(resource) || resource.mode !== "managed") return [];
    const { module = "", type, name, instances } = resource;
    return list(instances).flatMap((instance) => {
      if (!isRecord(instance) || !isRecord(instance.attributes)) return [];
      const index = instance.index_key === undefined ? "" : `[${JSON.stringify(instance.index_key)}]`;
      const address = `${module === "" ? "" : `${module}.`}${type}.${name}${index}`;
      return [{ address, type: String(type), values: instance.attributes }];
    });
  });
}

/** The planned attributes of the only resource whose address ends so. @throws Error when there is none, or several */
export function only(resources: readonly PlannedResource[], address: string): Readonly<Record<string, unknown>> {
  const found = resources.filter((resource) => `.${resource.address}`.endsWith(`.${address}`));
  const [first] = found;
  if (first === undefined || found.length > 1) {
    throw new Error(`the plan has ${found.length} of ${address}; it has ${resources.map((r) => r.address).join(", ")}`);
  }
  return first.values;
}

/** The configuration document that the planned SSM parameters hold, as the function unpacks it. */
export function documentOf(resources: readonly PlannedResource[]): unknown {
  const packed = resources
    .filter(({ address }) => address.includes("aws_ssm_parameter.configuration["))
    .toSorted((a, b) => (a.address < b.address ? -1 : 1))
    .map(({ values }) => (values.value === "-" ? "" : String(values.value)))
    .join("");
  return JSON.parse(gunzipSync(Buffer.from(packed, "base64")).toString());
}
