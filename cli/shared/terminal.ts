import { SingleBar } from "cli-progress";
import ora from "ora";

/** Where a command speaks. Results go to standard output, everything else to standard error. */
export interface Terminal {
  /** Writes a line, or several, of the result. */
  out(text: string): void;
  /** Writes a line beside the result. */
  say(text: string): void;
  /** Shows that something goes on, until it is ended. */
  progress(text: string): Progress;
  /**
   * Runs what can be stopped in the midst: the first Ctrl-C aborts the signal, the second ends the process.
   * @param onlyForReaders abort it, with the reason {@link NOBODY_READS}, also when nobody reads the result any more
   */
  interruptible<T>(work: (stop: AbortSignal) => Promise<T>, onlyForReaders?: boolean): Promise<T>;
  /** Whether to show where errors come from. */
  readonly debug: boolean;
}

export interface Progress {
  /** @param share how much of the work is done, from 0 to 1, where that is known */
  update(text: string, share?: number): void;
  end(): void;
}

/** Without a terminal there is no spinner, but a log shows now and then that the command lives. */
const LINE_EVERY_MS = 10_000;
/** What a shell reports for a process that Ctrl-C ended. */
export const EXIT_INTERRUPTED = 130;

/** Why work was stopped that had nothing left to do: `… | head` has seen enough. */
export const NOBODY_READS = "nobody reads on";

/** Only ever drawn where standard error is a terminal; gone when it ends, so that the result stands alone. */
const BAR = {
  stream: process.stderr,
  format: "{bar} {percentage} %  {text}",
  barsize: 24,
  barCompleteChar: "█",
  barIncompleteChar: "░",
  hideCursor: true,
  clearOnComplete: true,
  // An interrupted command ends it itself.
  gracefulExit: false,
};

/** Shows that work goes on until it has ended, well or not. */
export async function during<T>(
  terminal: Terminal,
  title: string,
  work: (onProgress: (what: string, share?: number) => void) => Promise<T>,
): Promise<T> {
  const progress = terminal.progress(title);
  try {
    return await work((what, share) => progress.update(`${title}: ${what}`, share));
  } finally {
    progress.end();
  }
}

/** The terminal of this process. Colours and a moving spinner only where standard error is one. */
export function processTerminal(): Terminal {
  // `… | head` closes the pipe; the rest has no reader, which is no error.
  let onUnread = () => {};
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    onUnread();
  });
  let moving: Moving | undefined;
  // What moves stands on the line that is written next.
  const beside = (write: () => void) => (moving === undefined ? write() : moving.aside(write));
  const say = (text: string) => beside(() => process.stderr.write(`${text}\n`));
  const move = (text: string): Progress => {
    const shown = startMoving(text);
    moving = shown;
    return {
      update: shown.update,
      end() {
        shown.end();
        moving = undefined;
      },
    };
  };
  return {
    out(text) {
      const write = () => void process.stdout.write(`${text}\n`);
      if (process.stdout.isTTY) beside(write);
      else write();
    },
    say,
    // A terminal that does not know its width, as in some containers, makes ora clear lines without end.
    progress: (text) => (process.stderr.isTTY && process.stderr.columns > 0 ? move(text) : lines(text, say)),
    async interruptible(work, onlyForReaders = false) {
      const controller = new AbortController();
      if (onlyForReaders) onUnread = () => controller.abort(NOBODY_READS);
      const onSignal = () => {
        if (controller.signal.aborted) {
          moving?.end();
          process.exit(EXIT_INTERRUPTED);
        }
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

/** What is drawn again and again on one line of standard error. */
interface Moving extends Progress {
  /** Writes something in its place, and goes on below. */
  aside(write: () => void): void;
}

/** A spinner, and a bar from when the share of the work is known. */
function startMoving(text: string): Moving {
  const spinner = ora({ text, discardStdin: false, color: process.env.NO_COLOR ? false : "cyan" }).start();
  let bar: SingleBar | undefined;
  let last = { share: 0, text };
  const draw = () => {
    bar = new SingleBar(BAR);
    bar.start(1, last.share, { text: last.text });
  };
  return {
    update(now, share) {
      if (share === undefined) {
        spinner.text = now;
        return;
      }
      last = { share, text: now };
      if (bar !== undefined) bar.update(share, { text: now });
      else {
        spinner.stop();
        draw();
      }
    },
    aside(write) {
      if (bar === undefined) spinner.clear();
      bar?.stop();
      write();
      if (bar !== undefined) draw();
    },
    end() {
      spinner.stop();
      bar?.stop();
    },
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
