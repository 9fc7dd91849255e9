import type { Protocol } from "./request.ts";
import { escapeXml } from "./xml.ts";

/** What a client gets back. */
export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
};

/** A refusal as AWS makes it. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;

  /** @param status the HTTP status; by default the one that AWS sends with such a code */
  constructor(code: string, message: string, status: number = statusOf(code)) {
    super(message);
    this.name = "AwsError";
    this.code = code;
    this.status = status;
  }
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html */
const statuses: Readonly<Record<string, number>> = {
  AccessDenied: 403,
  AccessDeniedException: 403,
  AuthFailure: 403,
  DryRunOperation: 412,
  InternalError: 500,
  InternalFailure: 500,
  RequestLimitExceeded: 503,
  ServiceUnavailable: 503,
  SlowDown: 503,
  Unavailable: 503,
  UnauthorizedOperation: 403,
};

function statusOf(code: string): number {
  return statuses[code] ?? 400;
}

/** The code with which that protocol says "too many calls". */
export function throttleCode(protocol: Protocol): string {
  return { ec2: "RequestLimitExceeded", query: "Throttling", s3: "SlowDown", json: "ThrottlingException" }[protocol];
}

/** The code with which that protocol says "you may not". */
export function denialCode(protocol: Protocol): string {
  return { ec2: "UnauthorizedOperation", query: "AccessDenied", s3: "AccessDenied", json: "AccessDeniedException" }[
    protocol
  ];
}

/** The answer that carries an error, in the form that the service's clients read. */
export function errorAnswer(protocol: Protocol, { code, message, status }: AwsError, requestId: string): Answer {
  const id = { "x-amzn-requestid": requestId };
  if (protocol === "json") {
    const body = Buffer.from(JSON.stringify({ __type: code, message }));
    return { status, headers: { ...id, "content-type": "application/x-amz-json-1.1", "x-amzn-errortype": code }, body };
  }
  const error = `<Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message>`;
  const documents = {
    ec2: `<Response><Errors><Error>${error}</Error></Errors><RequestID>${requestId}</RequestID></Response>`,
    query: `<ErrorResponse><Error><Type>Sender</Type>${error}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
    s3: `<Error>${error}<RequestId>${requestId}</RequestId></Error>`,
  };
  return { status, headers: { ...id, "content-type": "text/xml" }, body: Buffer.from(documents[protocol]) };
}

/** An answer of EC2. @param content the XML inside the response element */
export function ec2Answer(action: string, content: string): Answer {
  const schema = "http://ec2.amazonaws.com/doc/2016-11-15/";
  const body = `<${action}Response xmlns="${schema}"><requestId/>${content}</${action}Response>`;
  return { status: 200, headers: { "content-type": "text/xml;charset=UTF-8" }, body: Buffer.from(body) };
}
