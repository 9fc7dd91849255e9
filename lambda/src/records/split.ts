import { assertNever, LogFileError } from "#model/errors.ts";
import { type LimitName, type Limits, MalformedElement } from "#model/log-file.ts";
import { Batch } from "./batch.ts";
import type { Sieve } from "./sieve.ts";
import { parsed, Text } from "./text.ts";
import { ValueScanner } from "./value-scanner.ts";

const [TAB, NEWLINE, RETURN, SPACE, QUOTE, COMMA, COLON] = [0x09, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x3a] as const;
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d] as const;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const NOT_JSON = "is not JSON";

/** What a value is in its file. */
type Role = "file" | "key" | "member" | "element";

/** What may come next, white space aside. "file": the value that the file is. */
type Next =
  | "byte order mark or file"
  | "file"
  | "first key or }"
  | "key"
  | "colon"
  | "member"
  | ", or }"
  | "first element or ]"
  | "element"
  | ", or ]"
  | "nothing";

const AFTER = { file: "nothing", key: "colon", member: ", or }", element: ", or ]" } as const;

/**
 * Cuts the text of a log file, which comes in pieces, into the elements of its list `Records`, or of the list that it is
 * itself. Keeps no more than a batch and one value within `record_bytes`.
 *
 * What it finds is what `JSON.parse` finds, but for three things. An element that is no JSON costs itself alone, as long
 * as its brackets and quotes are in pairs. Of several members `Records`, every list counts. And of the values beside
 * `Records`, those above `record_bytes` are skipped without a look whether they are JSON.
 */
export class Splitter {
  readonly #name: string;
  readonly #limits: Limits;
  readonly #batch: Batch;
  readonly #scanner = new ValueScanner();
  readonly #sieve: Sieve | undefined;
  /** The unfinished value, if it is no element. */
  readonly #aside = new Text();
  #asideTooLarge = false;
  /** What the unfinished value is; undefined between values. */
  #role: Role | undefined;
  #next: Next = "byte order mark or file";
  #markBytes = 0;
  #key: unknown;
  #hasList = false;
  /** The list is the file, not a member of it. */
  #isBareList = false;
  #elements = 0;

  /**
   * @param name names the file in errors
   * @param sieve skips elements that nobody has to look at
   */
  constructor(name: string, limits: Limits, sieve?: Sieve) {
    this.#name = name;
    this.#limits = limits;
    this.#sieve = sieve;
    this.#batch = new Batch(limits.record_bytes);
  }

  /**
   * Takes the next piece of the file and gives the batches that are full.
   * @throws LogFileError when the file cannot be split any further
   */
  *push(bytes: Uint8Array): Generator<readonly unknown[]> {
    let at = 0;
    this.#sieve?.forget();
    while (at < bytes.length) {
      at = this.#role === undefined ? this.#step(bytes, at) : this.#read(bytes, at, this.#role);
      if (this.#batch.isFull) yield this.#batch.take();
    }
  }

  /** No more bytes come. @throws LogFileError when that is too early, or there was no list */
  end(): void {
    if (this.#role === "element") throw this.#error("ends in the midst of a record");
    // Only here it is clear where a number ends.
    if (this.#role === "file") this.#finish("file");
    if (this.#next !== "nothing") throw this.#error(NOT_JSON);
    if (!this.#hasList) throw this.#error('has no list "Records"');
  }

  /** The complete elements that are in no batch yet. Nothing may be pushed any more. */
  rest(): readonly unknown[] {
    if (this.#role === undefined && this.#next === ", or ]") this.#batch.finish();
    return this.#batch.take();
  }

  /** Takes a byte or white space between values, or leaves a byte as the first one of a value. @returns the place to go on */
  #step(bytes: Uint8Array, at: number): number {
    const byte = bytes[at];
    const next = this.#next;
    if (byte === undefined) return at;
    if (next === "byte order mark or file") return this.#mark(byte) ? at + 1 : at;
    if (isWhiteSpace(byte)) return behindWhiteSpace(bytes, at + 1);
    switch (next) {
      case "file":
        if (byte === OPEN_LIST) this.#openList(true);
        else if (byte === OPEN_OBJECT) this.#next = "first key or }";
        else return this.#begin("file", byte, at);
        return at + 1;
      case "first key or }":
        if (byte !== CLOSE_OBJECT) return this.#beginKey(byte, at);
        this.#next = "nothing";
        return at + 1;
      case "key":
        return this.#beginKey(byte, at);
      case "colon":
        if (byte !== COLON) throw this.#error(NOT_JSON);
        this.#next = "member";
        return at + 1;
      case "member":
        if (byte !== OPEN_LIST || this.#key !== "Records") return this.#begin("member", byte, at);
        this.#openList(false);
        return at + 1;
      case ", or }":
        if (byte === COMMA) this.#next = "key";
        else if (byte === CLOSE_OBJECT) this.#next = "nothing";
        else throw this.#error(NOT_JSON);
        return at + 1;
      case "first element or ]":
      case "element":
        if (byte === CLOSE_LIST && next === "first element or ]") this.#closeList();
        else {
          const behind = byte === OPEN_OBJECT ? this.#sift(bytes, at) : at;
          if (behind > at) return behind;
          this.#count();
          if (byte !== COMMA && byte !== CLOSE_LIST) return this.#begin("element", byte, at);
          this.#batch.spoil(new MalformedElement(NOT_JSON));
          this.#finishElement(byte);
        }
        return at + 1;
      case ", or ]":
        if (byte === COMMA || byte === CLOSE_LIST) {
          this.#finishElement(byte);
          return at + 1;
        }
        this.#begin("element", byte, at);
        this.#batch.spoil(new MalformedElement(NOT_JSON));
        return at;
      case "nothing":
        throw this.#error(NOT_JSON);
      default:
        return assertNever(next);
    }
  }

  /** Whether the byte belongs to a byte order mark. */
  #mark(byte: number): boolean {
    if (byte === BYTE_ORDER_MARK[this.#markBytes]) this.#markBytes += 1;
    else if (this.#markBytes > 0) throw this.#error(NOT_JSON);
    else {
      this.#next = "file";
      return false;
    }
    if (this.#markBytes === BYTE_ORDER_MARK.length) this.#next = "file";
    return true;
  }

  /** Takes a part of a value. @returns the place to go on */
  #read(bytes: Uint8Array, at: number, role: Role): number {
    const end = this.#scanner.scan(bytes, at);
    const to = end === -1 ? bytes.length : end;
    if (role === "element") this.#batch.append(bytes, at, to);
    else this.#appendAside(bytes, at, to);
    if (end !== -1) this.#finish(role);
    return to;
  }

  #appendAside(bytes: Uint8Array, from: number, to: number): void {
    if (this.#aside.length + to - from > this.#limits.record_bytes) this.#asideTooLarge = true;
    if (this.#asideTooLarge) this.#aside.truncate(0);
    else this.#aside.append(bytes, from, to);
  }

  #beginKey(byte: number, at: number): number {
    if (byte !== QUOTE) throw this.#error(NOT_JSON);
    return this.#begin("key", byte, at);
  }

  #begin(role: Role, byte: number, at: number): number {
    if (byte === COMMA || byte === CLOSE_LIST || byte === CLOSE_OBJECT) throw this.#error(NOT_JSON);
    this.#scanner.begin(byte);
    this.#role = role;
    return at;
  }

  #finish(role: Role): void {
    this.#role = undefined;
    this.#next = AFTER[role];
    if (role === "element") return;
    const value = this.#asideTooLarge ? undefined : parsed(() => this.#aside.slice(0, this.#aside.length));
    this.#aside.truncate(0);
    this.#asideTooLarge = false;
    if (value instanceof MalformedElement) throw this.#error(NOT_JSON);
    if (role === "key") this.#key = value;
  }

  #openList(isBare: boolean): void {
    this.#hasList = true;
    this.#isBareList = isBare;
    this.#next = "first element or ]";
  }

  #closeList(): void {
    this.#next = this.#isBareList ? "nothing" : ", or }";
  }

  #count(): void {
    const max = this.#limits.file_records;
    if (this.#elements === max) {
      throw this.#error(`holds more than ${max} records (limits.file_records)`, "file_records");
    }
    this.#elements += 1;
  }

  /** Takes or skips whole elements at once. @returns the place to go on, which is the same when the first is not whole */
  #sift(bytes: Uint8Array, at: number): number {
    const room = Math.min(this.#batch.room, this.#limits.file_records - this.#elements);
    const sifted = this.#sieve?.sift(bytes, at, room, this.#batch);
    if (sifted === undefined || sifted.elements === 0) return at;
    this.#elements += sifted.elements;
    if (bytes[sifted.end - 1] === COMMA) this.#next = "element";
    else this.#closeList();
    return sifted.end;
  }

  #finishElement(separator: number): void {
    this.#batch.finish();
    if (separator === COMMA) this.#next = "element";
    else this.#closeList();
  }

  #error(reason: string, limit?: LimitName): LogFileError {
    return new LogFileError(`${this.#name} ${reason}`, limit === undefined ? { damaged: true } : { limit });
  }
}

function isWhiteSpace(byte: number | undefined): boolean {
  return byte === SPACE || byte === NEWLINE || byte === RETURN || byte === TAB;
}

function behindWhiteSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isWhiteSpace(bytes[at])) at++;
  return at;
}
