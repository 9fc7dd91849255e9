import type { IncomingMessage } from "node:http";

/** How a service wants its errors: EC2's XML, XML of the other query services and of S3, or JSON. */
export type Protocol = "ec2" | "query" | "s3" | "json";

/** A call as it came over the wire, named. */
export type AwsRequest = {
  readonly method: string;
  /** Path and query as sent. */
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  /** As in the signature: "ec2", "autoscaling", "elasticloadbalancing", "s3", "sns", "kms", "sts", "ssm", … */
  readonly service: string;
  /** Such as "StopInstances". */
  readonly action: string;
  readonly protocol: Protocol;
  readonly region: string;
  readonly accessKeyId: string;
  /**
   * Query services: the form as it is ("InstanceId.1"). JSON: the top-level members, those that are not text as JSON.
   * S3: Bucket, Key, the query and the `x-amz-` headers. Lambda: FunctionName, Qualifier, InvocationType and Payload.
   */
  readonly params: Readonly<Record<string, string>>;
};

/** Longest body that is taken: more than any test sends. */
const maxBodyBytes = 64 * 1024 * 1024;

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new Error(`A body of more than ${maxBodyBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const subresourceNames: Readonly<Record<string, string>> = {
  acl: "Acl",
  encryption: "Encryption",
  "legal-hold": "LegalHold",
  lifecycle: "LifecycleConfiguration",
  location: "Location",
  notification: "NotificationConfiguration",
  "object-lock": "LockConfiguration",
  ownershipControls: "OwnershipControls",
  policy: "Policy",
  publicAccessBlock: "PublicAccessBlock",
  retention: "Retention",
  tagging: "Tagging",
  versioning: "Versioning",
};

/** S3 has no action in a request: its name follows from method, path and query. */
function s3Action(method: string, bucket: string, key: string, query: URLSearchParams, copies: boolean): string {
  const verb = `${method[0]}${method.slice(1).toLowerCase()}`;
  if (bucket === "") return "ListBuckets";
  if (method === "POST") {
    if (query.has("delete")) return "DeleteObjects";
    return query.has("uploads") ? "CreateMultipartUpload" : "CompleteMultipartUpload";
  }
  if (query.has("partNumber")) return "UploadPart";
  if (query.has("uploadId") && method === "DELETE") return "AbortMultipartUpload";
  const subresource = [...query.keys()].find((name) => name in subresourceNames);
  if (subresource !== undefined) {
    const name = subresourceNames[subresource];
    const isPlain = ["ownershipControls", "publicAccessBlock"].includes(subresource);
    if (isPlain)
      return `${verb}${subresource === "publicAccessBlock" ? "PublicAccessBlock" : "BucketOwnershipControls"}`;
    return `${verb}${key === "" && subresource !== "object-lock" ? "Bucket" : "Object"}${name}`;
  }
  if (key !== "") return copies ? "CopyObject" : `${verb}Object`;
  if (method === "PUT") return "CreateBucket";
  if (method !== "GET") return `${verb}Bucket`;
  if (query.has("versions")) return "ListObjectVersions";
  return query.has("list-type") ? "ListObjectsV2" : "ListObjects";
}

function s3Call(method: string, url: URL, headers: IncomingMessage["headers"]) {
  const [, bucket = "", ...rest] = url.pathname.split("/").map(decodeURIComponent);
  const key = rest.join("/");
  const { "x-id": named, ...query } = Object.fromEntries(url.searchParams);
  const sent = Object.entries(headers).filter(
    ([name]) => name.startsWith("x-amz-") && !["x-amz-date", "x-amz-content-sha256", "x-amz-user-agent"].includes(name),
  );
  return {
    // The SDK for JavaScript names its call.
    action: named ?? s3Action(method, bucket, key, url.searchParams, headers["x-amz-copy-source"] !== undefined),
    params: {
      Bucket: bucket,
      Key: key,
      ...query,
      ...(Object.fromEntries(sent) as object),
    },
  };
}

function jsonParams(body: Buffer): Record<string, string> {
  const value: unknown = body.length === 0 ? {} : JSON.parse(body.toString("utf8"));
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, typeof each === "string" ? each : JSON.stringify(each)]),
  );
}

/** REST with JSON: of such services only Lambda has a call that tests look for. */
function restCall(service: string, method: string, url: URL, headers: IncomingMessage["headers"], body: Buffer) {
  const FunctionName = /^\/[\d-]+\/functions\/([^/]+)\/invocations$/.exec(url.pathname)?.[1];
  if (service !== "lambda" || FunctionName === undefined) return { action: `${method} ${url.pathname}`, params: {} };
  const InvocationType = String(headers["x-amz-invocation-type"] ?? "RequestResponse");
  const Payload = body.toString("utf8");
  const name = decodeURIComponent(FunctionName);
  const params = { ...Object.fromEntries(url.searchParams), FunctionName: name, InvocationType, Payload };
  return { action: "Invoke", params };
}

function nameCall(service: string, method: string, url: URL, headers: IncomingMessage["headers"], body: Buffer) {
  const target = headers["x-amz-target"];
  if (typeof target === "string") {
    return { action: target.split(".").at(-1) ?? target, params: jsonParams(body), protocol: "json" as const };
  }
  if (service === "s3") return { ...s3Call(method, url, headers), protocol: "s3" as const };
  const form = new URLSearchParams(body.toString("utf8"));
  const action = form.get("Action") ?? url.searchParams.get("Action");
  if (action === null) return { ...restCall(service, method, url, headers, body), protocol: "json" as const };
  const params = Object.fromEntries(
    [...url.searchParams, ...form].filter(([name]) => !/^(Action|Version)$/.test(name)),
  );
  return { action, params, protocol: service === "ec2" ? ("ec2" as const) : ("query" as const) };
}

/** Reads a request to its end and names its call. Service, region and key come from the signature; without one it is S3. */
export async function readRequest(request: IncomingMessage): Promise<AwsRequest> {
  const body = await readBody(request);
  const { method = "GET", url: path = "/", headers } = request;
  const url = new URL(path, "http://proxy");
  const scope = headers.authorization ?? `Credential=${url.searchParams.get("X-Amz-Credential") ?? ""}`;
  const [accessKeyId = "", , region = "us-east-1", service = "s3"] = (
    /Credential=([^,\s]+)/.exec(scope)?.[1] ?? ""
  ).split("/");
  return {
    method,
    path,
    headers,
    body,
    service,
    region,
    accessKeyId,
    ...nameCall(service, method, url, headers, body),
  };
}

/** The call with other parameters, for query services. @param changes a value of undefined takes the parameter away */
export function withParams(request: AwsRequest, changes: Readonly<Record<string, string | undefined>>): AwsRequest {
  const form = new URLSearchParams(request.body.toString("utf8"));
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) form.delete(name);
    else form.set(name, value);
  }
  const params = Object.fromEntries([...form].filter(([name]) => !/^(Action|Version)$/.test(name)));
  return { ...request, params, body: Buffer.from(form.toString()) };
}
