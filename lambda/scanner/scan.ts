/**
 * Reads records as they stand in a log file and tells which of them may matter, without parsing them. AssemblyScript,
 * compiled to WebAssembly by `lambda/build.ts`; `records/sieve.ts` fills the memory and says what lies where.
 *
 * It judges only what it understands completely: of anything else (white space, escapes in keys, a key that comes twice, a
 * list where an object is expected) the record is a candidate, which somebody else parses. Of a record that is none, what
 * lies below values that nobody asks for is seen only as quotes and brackets.
 */

/** Gives the mask of a value that was not seen before: where it lies. The value's text is from `start` to `end`. */
@external("sieve", "maskOf")
declare function maskOf(slot: i32, start: i32, end: i32): i32;

const QUOTE: i32 = 0x22;
const BACKSLASH: i32 = 0x5c;
const COMMA: i32 = 0x2c;
const COLON: i32 = 0x3a;
const OPEN_LIST: i32 = 0x5b;
const CLOSE_LIST: i32 = 0x5d;
const OPEN_OBJECT: i32 = 0x7b;
const CLOSE_OBJECT: i32 = 0x7d;

/** Keys of one object: a table of lists of keys, by the number of their bytes. Longer keys are in none. */
const KEY_LENGTHS: i32 = 64;
/** A key: the next one of its length, the keys below it, its slot, what is special about it, and its bytes. */
const KEY_BELOW: i32 = 4;
const KEY_SLOT: i32 = 8;
const KEY_FLAGS: i32 = 12;
const KEY_BYTES: i32 = 16;
/** A record that has it is a candidate. */
const FORBIDDEN: i32 = 1;
/** What is below it is read only when somebody asks for it. */
const LATE: i32 = 2;
/** What a slot holds of a record: where its value begins and ends. Zero: it is not there. */
const SLOT: i32 = 8;
/** A remembered value: the next one with its hash, its slot, how many bytes it has, its mask, and its bytes. */
const VALUE_MASK: i32 = 16;

/** Set once: where things lie, and how many there are. */
let root: i32 = 0;
let slots: i32 = 0;
let slotCount: i32 = 0;
let table: i32 = 0;
let tableMask: i32 = 0;
let needs: i32 = 0;
let bitCount: i32 = 0;
let masks: i32 = 0;
let maskBytes: i32 = 0;
let alive: i32 = 0;
let looked: i32 = 0;
let opened: i32 = 0;
let parents: i32 = 0;
let found: i32 = 0;
let foundEnd: i32 = 0;
let maxDepth: i32 = 0;
let maxBytes: i32 = 0;

/** Of the record that is scanned: whether it has something that makes it a candidate whatever its values are. */
let unusual: bool = false;
let depth: i32 = 0;
let end: i32 = 0;

export function configure(
  rootAt: i32, slotsAt: i32, slotsCount: i32, tableAt: i32, tableSize: i32, needsAt: i32, bitsCount: i32,
  masksAt: i32, bytesOfMask: i32, aliveAt: i32, lookedAt: i32, openedAt: i32, parentsAt: i32, foundAt: i32, foundTo: i32, levels: i32, bytes: i32,
): void {
  root = rootAt;
  slots = slotsAt;
  slotCount = slotsCount;
  table = tableAt;
  tableMask = tableSize - 1;
  needs = needsAt;
  bitCount = bitsCount;
  masks = masksAt;
  maskBytes = bytesOfMask;
  alive = aliveAt;
  looked = lookedAt;
  opened = openedAt;
  parents = parentsAt;
  found = foundAt;
  foundEnd = foundTo;
  maxDepth = levels;
  maxBytes = bytes;
}

/** How many candidates the last scan found: of each, how many records were skipped before it, where it begins and ends. */
export let candidates: i32 = 0;
/** How many records it skipped behind the last candidate. */
export let skipped: i32 = 0;

/**
 * Scans records of a list, from the first byte of one, as long as each is complete and a comma or the end of the list
 * follows at once.
 * @returns the place behind the last comma or end of the list that was reached; `from` when there was none
 */
export function scan(from: i32, to: i32, maxRecords: i32): i32 {
  end = to;
  let at = from;
  let count = 0;
  let out = found;
  candidates = 0;
  skipped = 0;
  while (count < maxRecords && at < to && load<u8>(at) == OPEN_OBJECT && out < foundEnd) {
    memory.fill(slots, 0, slotCount * SLOT);
    unusual = false;
    depth = 0;
    const close = readObject(at, root);
    if (close == 0 || close >= to) break;
    const separator = <i32>load<u8>(close);
    if (separator != COMMA && separator != CLOSE_LIST) break;
    if (unusual || close - at > maxBytes || mayMatter()) {
      store<i32>(out, skipped);
      store<i32>(out, at, 4);
      store<i32>(out, close, 8);
      out += 12;
      candidates++;
      skipped = 0;
    } else skipped++;
    count++;
    at = close + 1;
    if (separator == CLOSE_LIST) break;
  }
  return at;
}

/** The place behind an object that begins here; zero when it is not complete. @param keys that are looked for in it */
function readObject(start: i32, keys: i32): i32 {
  let at = start + 1;
  if (++depth > maxDepth) unusual = true;
  if (at < end && load<u8>(at) == CLOSE_OBJECT) {
    depth--;
    return at + 1;
  }
  while (at < end) {
    // What is no key, or is followed by no colon, is left to who parses.
    if (load<u8>(at) != QUOTE) return skipStrange(start);
    const keyEnd = endOfText(at);
    if (keyEnd == 0 || keyEnd >= end) return 0;
    if (load<u8>(keyEnd) != COLON) return skipStrange(start);
    const key = findKey(keys, at + 1, keyEnd - 1);
    if (hasEscape) unusual = true;
    at = readValue(keyEnd + 1, key);
    if (at == 0 || at >= end) return 0;
    const next = <i32>load<u8>(at);
    if (next == CLOSE_OBJECT) {
      depth--;
      return at + 1;
    }
    if (next != COMMA) return skipStrange(start);
    at++;
  }
  return 0;
}

/** The place behind a value; zero when it is not complete. @param key its key, or zero when nobody asks for it */
function readValue(start: i32, key: i32): i32 {
  if (start >= end) return 0;
  const first = <i32>load<u8>(start);
  let close = 0;
  if (first == QUOTE) close = endOfText(start);
  else if (first == OPEN_OBJECT && key != 0 && load<i32>(key, KEY_BELOW) != 0 && !(load<i32>(key, KEY_FLAGS) & LATE))
    close = readObject(start, load<i32>(key, KEY_BELOW));
  else if (first == OPEN_OBJECT || first == OPEN_LIST) close = skipBrackets(start);
  else close = endOfBare(start);
  if (key == 0 || close == 0) return close;
  const slot = slots + load<i32>(key, KEY_SLOT) * SLOT;
  // Of a key that comes twice the last one counts, and what lies below the first one does not.
  if (load<i32>(slot) != 0 || load<i32>(key, KEY_FLAGS) & FORBIDDEN) unusual = true;
  // Only objects, null or nothing may lead to what is looked at.
  if (load<i32>(key, KEY_BELOW) != 0 && first != OPEN_OBJECT && first != 0x6e) unusual = true;
  store<i32>(slot, start);
  store<i32>(slot, close, 4);
  return close;
}

/** Whether the text that `endOfText` read last has an escape in it. */
let hasEscape: bool = false;

/** The place behind a text that begins here; zero when it is not complete. */
function endOfText(start: i32): i32 {
  const quote = i8x16.splat(<i8>QUOTE);
  const backslash = i8x16.splat(<i8>BACKSLASH);
  hasEscape = false;
  let at = start + 1;
  while (at < end) {
    const bytes = v128.load(at);
    const hits = i8x16.bitmask(v128.or(i8x16.eq(bytes, quote), i8x16.eq(bytes, backslash)));
    if (hits == 0) {
      at += 16;
      continue;
    }
    at += ctz(hits);
    if (at >= end) return 0;
    if (load<u8>(at) == QUOTE) return at + 1;
    hasEscape = true;
    at += 2;
  }
  return 0;
}

/** The place behind a number, `true`, `false` or `null`. */
function endOfBare(start: i32): i32 {
  let at = start;
  while (at < end) {
    const byte = <i32>load<u8>(at);
    if (byte == COMMA || byte == CLOSE_OBJECT || byte == CLOSE_LIST) return at;
    if (byte <= 0x22 || byte == OPEN_OBJECT || byte == OPEN_LIST || byte == COLON) {
      unusual = true;
      return byte <= 0x20 ? skipSpace(at) : at;
    }
    at++;
  }
  return 0;
}

function skipSpace(start: i32): i32 {
  let at = start;
  while (at < end && load<u8>(at) <= 0x20) at++;
  return at < end ? at : 0;
}

/** The place behind an object or list, found by its quotes and brackets. */
function skipBrackets(start: i32): i32 {
  const outer = depth;
  let at = start;
  while (at < end) {
    const byte = <i32>load<u8>(at);
    if (byte == QUOTE) {
      at = endOfText(at);
      if (at == 0) return 0;
      continue;
    }
    at++;
    // With this bit set, the two kinds of brackets are the same.
    const bracket = byte | 0x20;
    if (bracket == OPEN_OBJECT) {
      if (++depth > maxDepth) unusual = true;
    } else if (bracket == CLOSE_OBJECT && --depth == outer) return at;
  }
  return 0;
}

/** What is not written as usual is a candidate; here only its end is looked for. */
function skipStrange(start: i32): i32 {
  unusual = true;
  depth--;
  return skipBrackets(start);
}

/** The key that these bytes are, or zero. */
// @ts-ignore: decorator
@inline
function findKey(keys: i32, from: i32, to: i32): i32 {
  const length = to - from;
  if (length >= KEY_LENGTHS) return 0;
  let key = load<i32>(keys + length * 4);
  while (key != 0) {
    if (isSame(key + KEY_BYTES, from, length)) return key;
    key = load<i32>(key);
  }
  return 0;
}

// @ts-ignore: decorator
@inline
function isSame(one: i32, other: i32, length: i32): bool {
  let at = 0;
  for (; at + 8 <= length; at += 8) if (load<u64>(one + at) != load<u64>(other + at)) return false;
  for (; at < length; at++) if (load<u8>(one + at) != load<u8>(other + at)) return false;
  return true;
}

/** Whether the values in the slots leave a bit alive: each value is looked at only while a bit depends on it. */
function mayMatter(): bool {
  memory.fill(alive, 0xff, maskBytes);
  memory.fill(looked, 0, slotCount);
  memory.fill(opened, 0, slotCount);
  for (let word = 0; word < maskBytes; word += 8) {
    let done: u64 = 0;
    while (true) {
      const left = load<u64>(alive + word) & ~done;
      if (left == 0) break;
      const bit = <i32>ctz(left);
      done |= (<u64>1) << bit;
      if ((word << 3) + bit >= bitCount) break;
      if (staysAlive(alive + word, (<u64>1) << bit, load<i32>(needs + ((word << 3) + bit) * 4))) return true;
    }
  }
  return false;
}

/** Whether a bit outlives the values that it depends on. @param list their number, and their slots */
function staysAlive(word: i32, bit: u64, list: i32): bool {
  const count = load<i32>(list);
  for (let index = 1; index <= count; index++) {
    const slot = load<i32>(list + index * 4);
    if (load<u8>(looked + slot)) continue;
    store<u8>(looked + slot, 1);
    const late = load<i32>(parents + slot * 4);
    if (late != 0) {
      readLate(late);
      if (unusual) return true;
    }
    keep(maskFor(slot));
    if ((load<u64>(word) & bit) == 0) return false;
  }
  return true;
}

/** Reads what is below a key, once for a record. */
function readLate(key: i32): void {
  const slot = load<i32>(key, KEY_SLOT);
  if (load<u8>(opened + slot)) return;
  store<u8>(opened + slot, 1);
  const start = load<i32>(slots + slot * SLOT);
  depth = 1;
  if (start != 0 && load<u8>(start) == OPEN_OBJECT) readObject(start, load<i32>(key, KEY_BELOW));
}

/** Lets the bits die that are not in a mask. Zero stands for a mask with all of them. */
function keep(mask: i32): void {
  if (mask == 0) return;
  for (let at = 0; at < maskBytes; at += 16) {
    v128.store(alive + at, v128.and(v128.load(alive + at), v128.load(mask + at)));
  }
}

/** The mask of the value in a slot: that of what is missing, or the one that is remembered for its text. */
function maskFor(slot: i32): i32 {
  const start = load<i32>(slots + slot * SLOT);
  if (start == 0) return load<i32>(masks + slot * 4);
  const first = <i32>load<u8>(start);
  if (first == OPEN_OBJECT || first == OPEN_LIST) return 0;
  const to = load<i32>(slots + slot * SLOT, 4);
  const length = to - start;
  let value = load<i32>(table + (hashOf(slot, start, length) & tableMask) * 4);
  while (value != 0) {
    if (load<i32>(value, 4) == slot && load<i32>(value, 8) == length && isSame(value + VALUE_MASK + maskBytes, start, length)) {
      return value + VALUE_MASK;
    }
    value = load<i32>(value);
  }
  return maskOf(slot, start, to);
}

export function hashOf(slot: i32, start: i32, length: i32): i32 {
  let hash: u64 = <u64>slot * 0x9e3779b97f4a7c15 + <u64>length;
  let at = 0;
  for (; at + 8 <= length; at += 8) {
    hash = (hash ^ load<u64>(start + at)) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 29;
  }
  for (; at < length; at++) hash = (hash ^ load<u8>(start + at)) * 0x9e3779b97f4a7c15;
  return <i32>((hash >> 32) ^ hash);
}
