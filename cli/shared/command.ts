import type { Command } from "commander";
import type { Terminal } from "./terminal.ts";

/** What every command gets. */
export interface Surroundings {
  readonly terminal: Terminal;
  /** Sets what the process exits with; 0 without a call. */
  readonly finish: (exitCode: number) => void;
}

/** Adds one command to the program. */
export type AddCommand = (program: Command, surroundings: Surroundings) => void;
