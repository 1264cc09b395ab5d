// Cuts a stream of JSON into its records without ever re-writing a number or a string: bytes come out as they went in, only white space
// between tokens goes, and that only where a record spans lines. split.integration.test.ts holds that any chunking of the same bytes gives the same records.
import { isUtf8 } from 'node:buffer'
import { RecordsError } from './errors.ts'
import type { RecordsErrorCode } from './errors.ts'
import type { SourceRecord } from './split.ts'

export const MAX_DEPTH = 200

const LF = 10, QUOTE = 34, COMMA = 44, COLON = 58, BACKSLASH = 92
const OPEN_ARRAY = 91, CLOSE_ARRAY = 93, OPEN_OBJECT = 123, CLOSE_OBJECT = 125

const isBlank = (byte: number): boolean => byte === 32 || byte === LF || byte === 13 || byte === 9

/** Longest way to write `{ "Records" : [` that is looked for. */
const WRAPPER_WINDOW = 256

/** What stands open between two values: nothing, an array of records, or such an array inside `{"Records": [...]}`. */
type Frame = 'top' | 'array' | 'wrapped' | 'wrapper_rest'

/**
 * Feed it chunks; it gives the records that are complete. `strict` = NDJSON only: a record is a line, whatever it holds.
 * A line that is a whole object is taken at once (the usual case); what is not is scanned token by token until its brackets balance.
 */
export class JsonSplitter {
  readonly #place: string
  readonly #limit: number
  readonly #strict: boolean
  #index: number
  #buffer: Buffer = Buffer.alloc(0)
  #line = 1
  #frame: Frame = 'top'
  /** After the first record that filled a line, a line that does not parse is an error of that line alone. */
  #byLine: boolean
  /** Set while the rest of a record that is already reported as broken passes by. */
  #skipping: 'no' | 'line' | 'to_column_0' | 'value' = 'no'
  // The scan of an unfinished record goes on where the last chunk ended.
  #scanAt = 0
  #depth = 0
  #inString = false
  /** Off after a record that was not alone on its line: looking for the end of that line again and again would cost more than scanning. */
  #tryLines = true

  constructor(place: string, limit: number, index: number, strict: boolean) {
    this.#place = place
    this.#limit = limit
    this.#index = index
    this.#strict = strict
    this.#byLine = strict
  }

  get index(): number {
    return this.#index
  }

  push(chunk: Uint8Array): SourceRecord[] {
    this.#buffer = this.#buffer.length === 0
      ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
      : Buffer.concat([this.#buffer, chunk])
    return this.#drain(false)
  }

  end(): SourceRecord[] {
    const out = this.#drain(true)
    // The array never closed: the file was cut.
    if (this.#frame !== 'top' && out.at(-1)?.error === undefined) this.#fail('json_invalid', out)
    return out
  }

  #drain(last: boolean): SourceRecord[] {
    const out: SourceRecord[] = []
    const buffer = this.#buffer
    let at = 0
    for (;;) {
      const next = this.#step(buffer, at, last, out)
      if (next < 0) break
      // A scan in progress is relative to the start of the buffer, which moves.
      at = next
    }
    this.#buffer = buffer.subarray(at)
    this.#scanAt = Math.max(0, this.#scanAt - at)
    return out
  }

  /** Handles what begins at `at`; answers where the next begins, or -1 when more bytes are needed. */
  #step(buffer: Buffer, at: number, last: boolean, out: SourceRecord[]): number {
    if (this.#skipping !== 'no') return this.#skip(buffer, at, last)
    let start = at
    while (start < buffer.length) {
      const byte = buffer[start] as number
      if (byte === LF) this.#line++
      else if (!isBlank(byte)) break
      start++
    }
    if (start > at) return start
    if (at >= buffer.length) return -1
    const byte = buffer[at] as number

    if (this.#frame === 'wrapper_rest') {
      // The other keys of the wrapper carry no records.
      if (byte === CLOSE_OBJECT) this.#frame = 'top'
      else if (byte === QUOTE || byte === OPEN_ARRAY || byte === OPEN_OBJECT) return this.#passValue(buffer, at, last)
      return at + 1
    }
    if (this.#frame !== 'top') {
      if (byte === COMMA) return at + 1
      if (byte === CLOSE_ARRAY) {
        this.#frame = this.#frame === 'wrapped' ? 'wrapper_rest' : 'top'
        return at + 1
      }
    } else if (!this.#byLine && byte === OPEN_ARRAY && this.#scanAt <= at) {
      this.#frame = 'array'
      return at + 1
    }

    if (this.#scanAt <= at) {
      if (!this.#byLine && byte === OPEN_OBJECT && this.#frame === 'top') {
        const wrapper = this.#wrapperEnd(buffer, at, last)
        if (wrapper === -1) return -1
        if (wrapper > 0) {
          for (let i = at; i < wrapper; i++) if (buffer[i] === LF) this.#line++
          this.#frame = 'wrapped'
          return wrapper
        }
      }
      const whole = this.#tryLines ? this.#tryLine(buffer, at, last, out) : -2
      if (whole !== -2) return whole
    }
    if (byte !== OPEN_OBJECT && byte !== OPEN_ARRAY) {
      this.#fail('json_invalid', out)
      this.#skipping = 'line'
      return at
    }
    return this.#scan(buffer, at, last, out)
  }

  /** The usual case. -1 = more bytes needed, -2 = this line is not one whole record. */
  #tryLine(buffer: Buffer, at: number, last: boolean, out: SourceRecord[]): number {
    let newline = buffer.indexOf(LF, at)
    if (newline === -1) {
      if (!last) {
        if (buffer.length - at <= this.#limit) return -1
        if (!this.#byLine) return -2
        this.#fail('record_too_large', out)
        this.#skipping = 'line'
        return at
      }
      newline = buffer.length
    }
    let stop = newline
    while (stop > at && isBlank(buffer[stop - 1] as number)) stop--
    const inArray = this.#frame !== 'top'
    if (inArray && buffer[stop - 1] === COMMA) stop--
    // Blanks at the end count too, or the verdict would depend on where the input was cut.
    if (newline - at > this.#limit) {
      if (!this.#byLine) return -2
      this.#fail('record_too_large', out)
      return newline
    }
    if (buffer[at] === OPEN_OBJECT && buffer[stop - 1] === CLOSE_OBJECT) {
      const text = buffer.toString('latin1', at, stop)
      if (isJson(text)) {
        const fault = contentFault(buffer, at, stop, text)
        if (fault === null) out.push({ index: this.#index++, line: this.#line, bytes: buffer.subarray(at, stop) })
        else this.#fail(fault, out)
        if (!inArray) this.#byLine = true
        return newline
      }
    }
    if (!this.#byLine || inArray) return -2
    if (!this.#strict) {
      // Several objects on one line, or the first line of a printed one.
      const pretty = stop - at === 1
      if (pretty && buffer[at] === OPEN_OBJECT) return -2
      const packed = this.#packed(buffer, at, stop)
      if (packed !== null) {
        for (const [from, to] of packed) {
          const fault = contentFault(buffer, from, to, buffer.toString('latin1', from, to))
          if (fault === null) out.push({ index: this.#index++, line: this.#line, bytes: buffer.subarray(from, to) })
          else this.#fail(fault, out)
        }
        return newline
      }
    }
    if (isJson(buffer.toString('latin1', at, stop))) this.#fail('not_an_object', out)
    else this.#fail(isUtf8(buffer.subarray(at, stop)) ? 'json_invalid' : 'utf8_invalid', out)
    return newline
  }

  /** The objects of a line that holds nothing else, or null. */
  #packed(buffer: Buffer, from: number, to: number): [number, number][] | null {
    const found: [number, number][] = []
    let at = from
    while (at < to) {
      if (isBlank(buffer[at] as number)) { at++; continue }
      if (buffer[at] !== OPEN_OBJECT) return null
      const end = valueEnd(buffer, at, to)
      if (end === -1 || !isJson(buffer.toString('latin1', at, end))) return null
      found.push([at, end])
      at = end
    }
    return found
  }

  /** -1 = more bytes needed, 0 = no wrapper, else where its first element begins. */
  #wrapperEnd(buffer: Buffer, at: number, last: boolean): number {
    if (!last && buffer.length - at < WRAPPER_WINDOW) return -1
    const head = buffer.toString('latin1', at, at + WRAPPER_WINDOW)
    const match = /^\{\s*"Records"\s*:\s*\[/.exec(head)
    return match === null ? 0 : at + match[0].length
  }

  #scan(buffer: Buffer, at: number, last: boolean, out: SourceRecord[]): number {
    let i = this.#scanAt
    let depth = this.#depth
    let inString = this.#inString
    if (i <= at) { i = at; depth = 0; inString = false }
    const hardStop = Math.min(buffer.length, at + this.#limit + 1)
    let end = -1
    let broken = false
    while (i < hardStop) {
      const byte = buffer[i] as number
      if (inString) {
        if (byte === BACKSLASH) {
          if (i + 1 >= buffer.length) break
          i++
        } else if (byte === QUOTE) inString = false
        else if (byte === LF) { broken = true; break }
      } else if (byte === QUOTE) inString = true
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        if (byte === OPEN_OBJECT && depth > 0 && buffer[i - 1] === LF && !continues(buffer, at, i)) { broken = true; break }
        depth++
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        if (--depth === 0) { end = i + 1; break }
      }
      i++
    }
    if (end === -1 && !broken) {
      if (i > at + this.#limit) {
        this.#scanAt = 0
        this.#fail('record_too_large', out)
        this.#skipping = this.#frame === 'top' && buffer.subarray(at, i).includes(LF) ? 'to_column_0' : 'value'
        this.#depth = 0
        this.#inString = false
        return at
      }
      if (!last) {
        this.#scanAt = i
        this.#depth = depth
        this.#inString = inString
        return -1
      }
      broken = true
    }
    this.#scanAt = 0
    const stop = end === -1 ? i : end
    const text = buffer.toString('latin1', at, stop)
    if (broken || !isJson(text)) {
      const framed = this.#frame !== 'top'
      this.#fail(isUtf8(buffer.subarray(at, stop)) ? 'json_invalid' : 'utf8_invalid', out)
      // Balanced but wrong: the next value follows. Unbalanced: only the next object at the start of a line is sure to be another record.
      if (!broken) {
        for (let k = at; k < stop; k++) if (buffer[k] === LF) this.#line++
        return stop
      }
      this.#skipping = framed ? 'line' : 'to_column_0'
      return at
    }
    this.#tryLines = false
    const fault = contentFault(buffer, at, stop, text)
    if (fault !== null) this.#fail(fault, out)
    else if (buffer[at] !== OPEN_OBJECT) this.#fail('not_an_object', out)
    else out.push({ index: this.#index++, line: this.#line, bytes: text.includes('\n') ? compact(buffer, at, stop) : buffer.subarray(at, stop) })
    for (let k = at; k < stop; k++) if (buffer[k] === LF) this.#line++
    return stop
  }

  #skip(buffer: Buffer, at: number, last: boolean): number {
    if (this.#skipping === 'value') return this.#passValue(buffer, at, last)
    const newline = buffer.indexOf(LF, at)
    if (newline === -1) {
      if (at < buffer.length) return buffer.length
      return -1
    }
    if (this.#skipping === 'to_column_0') {
      if (newline + 1 >= buffer.length && !last) return newline > at ? newline : -1
      const first = buffer[newline + 1]
      if (first === OPEN_OBJECT || first === OPEN_ARRAY || first === undefined) this.#skipping = 'no'
    } else this.#skipping = 'no'
    this.#line++
    return newline + 1
  }

  /** Lets one value go by that is not kept, in any number of chunks. */
  #passValue(buffer: Buffer, at: number, last: boolean): number {
    if (this.#skipping !== 'value') {
      this.#skipping = 'value'
      this.#depth = 0
      this.#inString = false
    }
    let i = at
    while (i < buffer.length) {
      const byte = buffer[i] as number
      if (byte === LF) this.#line++
      if (this.#inString) {
        if (byte === BACKSLASH) {
          if (i + 1 >= buffer.length) return last ? buffer.length : (i > at ? i : -1)
          i++
        } else if (byte === QUOTE) {
          this.#inString = false
          if (this.#depth === 0) { this.#skipping = 'no'; return i + 1 }
        }
      } else if (byte === QUOTE) this.#inString = true
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.#depth++
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        if (--this.#depth <= 0) { this.#depth = 0; this.#skipping = 'no'; return i + 1 }
      }
      i++
    }
    return i > at ? i : -1
  }

  #fail(code: RecordsErrorCode, out: SourceRecord[]): void {
    const params: Record<string, number> = code === 'record_too_large' ? { limit_bytes: this.#limit } : code === 'depth_exceeded' ? { limit: MAX_DEPTH } : {}
    out.push({ index: this.#index++, line: this.#line, error: new RecordsError(code, `${this.#place}:${this.#line}`, params) })
  }
}

/** Whether what stands before the object at `i` asks for one: then a `{` at the start of a line belongs to the record that is open. */
function continues(buffer: Buffer, from: number, i: number): boolean {
  let k = i - 1
  while (k > from && isBlank(buffer[k] as number)) k--
  const byte = buffer[k]
  return byte === COMMA || byte === COLON || byte === OPEN_ARRAY
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function valueEnd(buffer: Buffer, from: number, to: number): number {
  let depth = 0
  let inString = false
  for (let i = from; i < to; i++) {
    const byte = buffer[i] as number
    if (inString) {
      if (byte === BACKSLASH) i++
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) inString = true
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++
    else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && --depth === 0) return i + 1
  }
  return -1
}

/** What valid syntax does not rule out. Brackets are counted first, because few records have enough of them to be deep. */
function contentFault(buffer: Buffer, from: number, to: number, text: string): RecordsErrorCode | null {
  let opened = 0
  for (let i = text.indexOf('{'); i !== -1 && opened <= MAX_DEPTH; i = text.indexOf('{', i + 1)) opened++
  for (let i = text.indexOf('['); i !== -1 && opened <= MAX_DEPTH; i = text.indexOf('[', i + 1)) opened++
  if (opened > MAX_DEPTH && depthOf(buffer, from, to) > MAX_DEPTH) return 'depth_exceeded'
  return isUtf8(buffer.subarray(from, to)) ? null : 'utf8_invalid'
}

function depthOf(buffer: Buffer, from: number, to: number): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let i = from; i < to; i++) {
    const byte = buffer[i] as number
    if (inString) {
      if (byte === BACKSLASH) i++
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) inString = true
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) deepest = Math.max(deepest, ++depth)
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth--
  }
  return deepest
}

function compact(buffer: Buffer, from: number, to: number): Uint8Array {
  const out = Buffer.allocUnsafe(to - from)
  let length = 0
  let inString = false
  for (let i = from; i < to; i++) {
    const byte = buffer[i] as number
    if (inString) {
      out[length++] = byte
      if (byte === BACKSLASH) out[length++] = buffer[++i] as number
      else if (byte === QUOTE) inString = false
    } else if (!isBlank(byte)) {
      out[length++] = byte
      if (byte === QUOTE) inString = true
    }
  }
  return out.subarray(0, length)
}
