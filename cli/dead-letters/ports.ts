/** A message that nobody could work off. */
export interface DeadLetter {
  readonly id: string;
  /** Proves to the queue who has it; each receipt brings another. */
  readonly receipt: string;
  readonly body: string;
  /** ISO 8601, UTC; undefined where the queue does not tell. */
  readonly sentAt: string | undefined;
  /** How often it was taken from the queue, this time included. */
  readonly received: number;
  /** What Lambda noted when it gave the payload up. Foreign text. */
  readonly error: string | undefined;
}

/** About how much lies in a queue: the queue itself does not know better. */
export interface QueueCount {
  readonly waiting: number;
  /** Taken by somebody, and not yet deleted or back. */
  readonly hidden: number;
}

/** Everything throws a CommandError, which names the queue. */
export interface DeadLetterQueue {
  readonly name: string;
  count(): Promise<QueueCount>;
  /**
   * Takes messages, and hides them from everybody else.
   * @param max 1 to 10
   * @returns none only when nothing is visible
   */
  receive(max: number, hiddenSeconds: number): Promise<readonly DeadLetter[]>;
  /** Deletes a message for good. */
  remove(letter: Pick<DeadLetter, "id" | "receipt">): Promise<void>;
  /** Makes messages visible again; one that is visible or deleted already is no error. */
  show(letters: readonly Pick<DeadLetter, "id" | "receipt">[]): Promise<void>;
}
