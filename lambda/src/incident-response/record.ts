/** What a step did. Everything but `pending`, which is asked again, is final. */
export type Status = "ok" | "skipped" | "failed" | "pending";

/** One call of AWS that changed something or was refused, or the last of a row of looks. */
export interface ApiCall {
  /** Such as `ec2:CreateSecurityGroup`. */
  readonly action: string;
  readonly requestId: string | undefined;
  /** ISO 8601. */
  readonly at: string;
  /** Name of the error, when it failed. */
  readonly error?: string;
}

/** Something that a step changed. `before` and `after` are as AWS has them. */
export interface Change {
  /** Such as `groups` or `terminationProtection`. */
  readonly what: string;
  /** The resource that it was changed on. */
  readonly id: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Something that tells later what happened: an object of the bucket, or a snapshot. */
export interface Evidence {
  readonly kind: "object" | "snapshot";
  /** Key of the object, id of the snapshot. */
  readonly id: string;
  readonly what: string;
  readonly versionId?: string | undefined;
  /** Of an object, in bytes. */
  readonly size?: number;
  /** Of an object, hexadecimal. EC2 tells none of a snapshot. */
  readonly sha256?: string;
  readonly volumeId?: string;
  readonly device?: string | undefined;
  readonly encrypted?: boolean;
  /** ISO 8601. */
  readonly startedAt?: string | undefined;
  readonly lockedUntil?: string | undefined;
}

/** What a step says of itself, without what {@link StepRecord} adds. */
export interface StepResult {
  readonly status: Status;
  /** Why it was skipped, failed or is not whole; one sentence. */
  readonly reason?: string;
  /** What later steps need, and what people want to know. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What a step did, as it stands in the manifest. What it changed stands there also when it failed half way. */
export interface StepRecord extends StepResult {
  readonly step: string;
  /** ISO 8601. */
  readonly started: string;
  readonly ended: string;
  readonly changes: readonly Change[];
  readonly evidence: readonly Evidence[];
  readonly api: readonly ApiCall[];
}
