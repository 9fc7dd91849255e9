/** Lets bursts through and then a steady number of messages per second. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #nowMs: () => number;
  #tokens: number;
  #filledAtMs: number;

  /** `burst` messages may come at once (1 or more); `perSecond` of them grow back each second (above 0). */
  constructor(perSecond: number, burst: number, nowMs: () => number) {
    if (!(perSecond > 0) || !(burst >= 1)) {
      throw new RangeError(`messagesPerSecond must be above 0 and burst at least 1, not ${perSecond} and ${burst}`);
    }
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#nowMs = nowMs;
    this.#tokens = burst;
    this.#filledAtMs = nowMs();
  }

  /** Takes one token and returns 0, or returns after how many whole seconds (1 or more) the next one is there. */
  take(): number {
    const nowMs = this.#nowMs();
    const grownSeconds = Math.max(0, nowMs - this.#filledAtMs) / 1000;
    this.#tokens = Math.min(this.#burst, this.#tokens + grownSeconds * this.#perSecond);
    this.#filledAtMs = nowMs;
    if (this.#tokens < 1) return Math.max(1, Math.ceil((1 - this.#tokens) / this.#perSecond));
    this.#tokens -= 1;
    return 0;
  }
}
