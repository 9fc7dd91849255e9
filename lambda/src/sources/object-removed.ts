import type { SourceItem } from "#model/source-item.ts";

/** What S3 tells about a removal. What it does not tell is undefined. */
export interface Removal {
  readonly bucket: string;
  readonly key: string;
  /** S3's name for what happened, such as `ObjectRemoved:Delete`. */
  readonly event: string;
  readonly who: string | undefined;
  readonly from: string | undefined;
  /** ISO 8601, UTC. */
  readonly when: string | undefined;
}

const UNKNOWN = "not told by S3";

/** That somebody removed a log file: a message of its own, because it may be somebody who covers tracks. */
export function objectRemoved({ bucket, key, event, who, from, when }: Removal): SourceItem {
  return {
    kind: "notice",
    notice: {
      kind: "notice",
      severity: "high",
      title: "A CloudTrail log file was removed",
      facts: [
        { label: "Object", value: `s3://${bucket}/${key}` },
        { label: "Event", value: event },
        { label: "Who", value: who ?? UNKNOWN },
        { label: "From", value: from ?? UNKNOWN },
        { label: "When", value: when ?? UNKNOWN },
      ],
    },
  };
}
