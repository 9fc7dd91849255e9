import type { Answer } from "./answer.ts";
import { getConsoleOutput, getConsoleScreenshot, sendDiagnosticInterrupt } from "./console.ts";
import type { AwsRequest } from "./request.ts";
import { describeLockedSnapshots, lockSnapshot, unlockSnapshot } from "./snapshot-locks.ts";
import type { World } from "./world.ts";

/** A call that the proxy answers itself. @throws AwsError where EC2 would refuse it */
export type MissingCall = (request: AwsRequest, world: World) => Promise<Answer>;

/** The actions of EC2 that moto lacks, or answers with a sample text. */
export const missingCalls: Readonly<Record<string, MissingCall>> = {
  DescribeLockedSnapshots: describeLockedSnapshots,
  GetConsoleOutput: getConsoleOutput,
  GetConsoleScreenshot: getConsoleScreenshot,
  LockSnapshot: lockSnapshot,
  SendDiagnosticInterrupt: sendDiagnosticInterrupt,
  UnlockSnapshot: unlockSnapshot,
};
