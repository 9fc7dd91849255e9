/** What a stand-in answers next instead of Slack's usual answer. */
export interface ScriptedAnswer {
  /** HTTP status, 200 unless set. */
  readonly status?: number;
  /** Body as sent, `ok` unless set. With status 200 and `ok` the usual checks decide; otherwise nothing is posted. */
  readonly body?: string;
  /** Value of the `Retry-After` header in seconds. */
  readonly retryAfterSeconds?: number;
  /** How many requests get this answer, 1 unless set. */
  readonly times?: number;
  /** Milliseconds between handling the request (posting included) and the answer, 0 unless set. */
  readonly delayMs?: number;
  /** Closes the connection instead of answering: before the message would be posted, or after it was. */
  readonly destroySocket?: "before-posting" | "after-posting";
}

/** One scripted answer with its defaults filled in. */
export interface Script {
  readonly kind: "usual" | "refuse" | "destroy";
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly delayMs: number;
  readonly destroyAfterPosting: boolean;
}

const usual: Script = {
  kind: "usual",
  status: 200,
  body: "ok",
  headers: {},
  delayMs: 0,
  destroyAfterPosting: false,
};

/** The answers that wait for each channel's next requests. */
export class ScriptedAnswers {
  readonly #queues = new Map<string, Script[]>();

  /** Appends an answer to a channel's queue. */
  add(channel: string, answer: ScriptedAnswer): void {
    const queue = this.#queues.get(channel) ?? [];
    this.#queues.set(channel, queue);
    for (let left = answer.times ?? 1; left > 0; left -= 1) queue.push(scriptOf(answer));
  }

  /** Takes a channel's next answer; Slack's usual one if none was scripted. */
  next(channel: string): Script {
    return this.#queues.get(channel)?.shift() ?? usual;
  }

  /** Forgets all answers. */
  clear(): void {
    this.#queues.clear();
  }
}

function scriptOf(answer: ScriptedAnswer): Script {
  const { status = 200, body = "ok", retryAfterSeconds, delayMs = 0, destroySocket } = answer;
  const destroyAfterPosting = destroySocket === "after-posting";
  const headers: Record<string, string> = {};
  if (retryAfterSeconds !== undefined) headers["retry-after"] = String(retryAfterSeconds);
  if (destroySocket === "before-posting") return { ...usual, kind: "destroy", delayMs };
  const isUsual = destroyAfterPosting || (status === 200 && body === "ok");
  return { kind: isUsual ? "usual" : "refuse", status, body, headers, delayMs, destroyAfterPosting };
}
