import type { Log } from "#model/ports.ts";
import { LOG_LEVELS, type LogLevel } from "#model/settings.ts";

/** Writes one line; what a function writes to standard output lands in its log group. */
type Write = (line: string) => void;

/** A log of JSON lines with the fields `level`, `message` and what is given; lines below the level are left out. */
export function cloudwatchLog(level: LogLevel, write: Write): Log {
  const at =
    (lineLevel: LogLevel) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) => {
      if (LOG_LEVELS.indexOf(lineLevel) >= LOG_LEVELS.indexOf(level)) {
        write(JSON.stringify({ level: lineLevel, message, ...fields }));
      }
    };
  return { debug: at("DEBUG"), info: at("INFO"), warning: at("WARNING"), error: at("ERROR") };
}

/** Counts with the same namespace and dimensions. */
export interface MetricSet {
  readonly namespace: string;
  /** Values by name, such as the function's name. */
  readonly dimensions: Readonly<Record<string, string>>;
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * A log line that CloudWatch reads as metrics. Names of counts and dimensions stand beside each other in it, so that
 * no two sets may give one name different values.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function metricLine(nowMs: number, sets: readonly MetricSet[]): string {
  const CloudWatchMetrics = sets.map(({ namespace, dimensions, counts }) => ({
    Namespace: namespace,
    Dimensions: [Object.keys(dimensions)],
    Metrics: Object.keys(counts).map((Name) => ({ Name, Unit: "Count" })),
  }));
  const members = Object.assign({}, ...sets.flatMap(({ dimensions, counts }) => [dimensions, counts]));
  return JSON.stringify({ _aws: { Timestamp: nowMs, CloudWatchMetrics }, ...members });
}
