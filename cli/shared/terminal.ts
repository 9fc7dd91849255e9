import ora from "ora";

/** Where a command speaks. Results go to standard output, everything else to standard error. */
export interface Terminal {
  /** Writes a line, or several, of the result. */
  out(text: string): void;
  /** Writes a line beside the result. */
  say(text: string): void;
  /** Shows that something goes on, until it is ended. */
  progress(text: string): Progress;
  /** Runs what can be stopped in the midst: the first Ctrl-C aborts the signal, the second ends the process. */
  interruptible<T>(work: (stop: AbortSignal) => Promise<T>): Promise<T>;
  /** Whether to show where errors come from. */
  readonly debug: boolean;
}

export interface Progress {
  update(text: string): void;
  end(): void;
}

/** Without a terminal there is no spinner, but a log shows now and then that the command lives. */
const LINE_EVERY_MS = 10_000;
/** What a shell reports for a process that Ctrl-C ended. */
export const EXIT_INTERRUPTED = 130;

/** Shows that work goes on until it has ended, well or not. */
export async function during<T>(
  terminal: Terminal,
  title: string,
  work: (onProgress: (what: string) => void) => Promise<T>,
): Promise<T> {
  const progress = terminal.progress(title);
  try {
    return await work((what) => progress.update(`${title}: ${what}`));
  } finally {
    progress.end();
  }
}

/** The terminal of this process. Colours and a moving spinner only where standard error is one. */
export function processTerminal(): Terminal {
  // `… | head` closes the pipe; the rest has no reader, which is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    say,
    // A terminal that does not know its width, as in some containers, makes ora clear lines without end.
    progress: (text) => (process.stderr.isTTY && process.stderr.columns > 0 ? spinner(text) : lines(text, say)),
    async interruptible(work) {
      const controller = new AbortController();
      const onSignal = () => {
        if (controller.signal.aborted) process.exit(EXIT_INTERRUPTED);
        controller.abort();
      };
      // Not `once`: a library that restores the cursor ends the process when nobody else listens any more.
      const signals = ["SIGINT", "SIGTERM"] as const;
      for (const signal of signals) process.on(signal, onSignal);
      try {
        return await work(controller.signal);
      } finally {
        for (const signal of signals) process.off(signal, onSignal);
      }
    },
    debug: Boolean(process.env.DEBUG),
  };
}

function spinner(text: string): Progress {
  const shown = ora({ text, discardStdin: false, color: process.env.NO_COLOR ? false : "cyan" }).start();
  return {
    update: (now) => {
      shown.text = now;
    },
    end: () => void shown.stop(),
  };
}

function lines(text: string, say: (text: string) => void): Progress {
  let saidAtMs = Date.now();
  let said = text;
  return {
    update: (now) => {
      if (now === said || Date.now() - saidAtMs < LINE_EVERY_MS) return;
      saidAtMs = Date.now();
      said = now;
      say(now);
    },
    end: () => {},
  };
}
