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

/**
 * A log line that CloudWatch reads as metrics: counts, without dimensions.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function metricLine(namespace: string, counts: Readonly<Record<string, number>>, nowMs: number): string {
  const Metrics = Object.keys(counts).map((Name) => ({ Name, Unit: "Count" }));
  const _aws = { Timestamp: nowMs, CloudWatchMetrics: [{ Namespace: namespace, Dimensions: [[]], Metrics }] };
  return JSON.stringify({ _aws, ...counts });
}
