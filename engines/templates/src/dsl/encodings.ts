// Functions that encode, decode, compress and take binary data apart.
import { crc32, deflateRawSync, deflateSync, gunzipSync, gzipSync, inflateRawSync, inflateSync } from 'node:zlib'
import { parseFragment } from 'parse5'
import { bytesOf } from '@haechi/probes/wire'
import type { Bytes, Value } from '../model.ts'
import { EvaluationError, spend, type Scope } from './evaluation.ts'
import { helper, ofText, remembered, textOf, unreadable, type HelperFunction } from './helper-function.ts'
import { ipFormat } from './ip-format.ts'
import { gadgetRefusal, javaGadget } from './java-gadget.ts'
import { toText, unicodeOf } from './convert.ts'

const buffer = (bytes: Bytes): Buffer => Buffer.from(bytes, 'latin1')
const bytes = (data: Uint8Array): Bytes => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1')

/** What Nuclei cuts off, too. */
const decompressedLimit = 10 * 1024 * 1024

/** With a second argument no more than so many bytes of it. */
const decompress = (name: string, open: typeof inflateSync): HelperFunction =>
  helper(1, 2, ([value, limit], scope) => {
    const all = decompressed(name, toText(value!), scope, open)
    return typeof limit === 'number' && limit >= 0 ? all.slice(0, limit) : all
  })

function decompressed(name: string, value: Bytes, scope: Scope, open: typeof inflateSync): Bytes {
  const packed = buffer(value)
  let data: Buffer
  try {
    data = open(packed, { maxOutputLength: decompressedLimit })
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw new EvaluationError('too_large', `${name}() would give more than ${decompressedLimit} bytes.`)
    throw unreadable(`${name}() was given what is not compressed so.`)
  }
  spend(scope, data.length)
  return bytes(data)
}

const compress = (name: string, pack: (data: Buffer) => Uint8Array): HelperFunction => helper(1, 1, ([value]) => bytes(pack(buffer(textOf(value, `The argument of ${name}()`)))))

const percent = (byte: string): string => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`

const entities = new Map<string, Bytes>()
/** A character reference of HTML; what is none stays. */
function entity(written: string): Bytes {
  const numeric = /^&#(?:x([0-9a-f]+)|(\d+));?$/i.exec(written)
  if (numeric === null && !/^&[a-zA-Z]/.test(written)) return written
  let known = entities.get(written)
  if (known === undefined) {
    const node = parseFragment(written).childNodes[0]
    known = node !== undefined && 'value' in node ? bytesOf(node.value) : numeric === null ? written : bytesOf('\uFFFD')
    if (entities.size < 4_096) entities.set(written, known)
  }
  return known
}

/** A ZIP archive (APPNOTE.TXT) of deflated entries without dates. */
function zip(values: readonly Value[]): Bytes {
  if (values.length % 2 !== 0) throw new EvaluationError('wrong_arguments', 'zip() takes names and contents by turns.')
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (let index = 0; index < values.length; index += 2) {
    const name = buffer(textOf(values[index], 'The name of an entry'))
    const content = buffer(textOf(values[index + 1], 'The content of an entry'))
    const packed = deflateRawSync(content)
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt16LE(8, 4)
    fields.writeUInt32LE(crc32(content), 10)
    fields.writeUInt32LE(packed.length, 14)
    fields.writeUInt32LE(content.length, 18)
    fields.writeUInt16LE(name.length, 22)
    parts.push(Buffer.from('PK\u0003\u0004', 'latin1'), fields, name, packed)
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(offset, 10)
    directory.push(Buffer.from('PK\u0001\u0002\u0014\u0000', 'latin1'), fields, rest, name)
    offset += 30 + name.length + packed.length
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0)
  const end = Buffer.alloc(22)
  end.write('PK\u0005\u0006', 'latin1')
  end.writeUInt16LE(values.length / 2, 8)
  end.writeUInt16LE(values.length / 2, 10)
  end.writeUInt32LE(size, 12)
  end.writeUInt32LE(offset, 16)
  return bytes(Buffer.concat([...parts, ...directory, end]))
}

/** The first value of a Python struct format (docs.python.org/3/library/struct.html). */
function unpack(format: Bytes, packed: Bytes): Value {
  const match = /^([@=<>!]?)(\d*)([xcbB?hHiIlLqQnNefdsp])/.exec(format)
  if (match === null) throw new EvaluationError('wrong_arguments', 'unpack() was given a format that is none.')
  const [, order = '', count = '', type = ''] = match
  const big = order === '>' || order === '!'
  const data = buffer(packed)
  try {
    switch (type) {
      case 'c': return data.toString('latin1', 0, 1) || fail()
      case 'b': return data.readInt8()
      case 'B': return data.readUInt8()
      case '?': return data.readUInt8() !== 0
      case 'h': return big ? data.readInt16BE() : data.readInt16LE()
      case 'H': return big ? data.readUInt16BE() : data.readUInt16LE()
      case 'i': case 'l': return big ? data.readInt32BE() : data.readInt32LE()
      case 'I': case 'L': return big ? data.readUInt32BE() : data.readUInt32LE()
      case 'q': case 'n': return Number(big ? data.readBigInt64BE() : data.readBigInt64LE())
      case 'Q': case 'N': return Number(big ? data.readBigUInt64BE() : data.readBigUInt64LE())
      case 'f': return big ? data.readFloatBE() : data.readFloatLE()
      case 'd': return big ? data.readDoubleBE() : data.readDoubleLE()
      case 's': {
        const size = count === '' ? 1 : Number(count)
        return size <= data.length ? packed.slice(0, size) : fail()
      }
      default: throw new EvaluationError('wrong_arguments', `unpack() does not know the type ${type}.`)
    }
  } catch (error) {
    if (error instanceof RangeError) return fail()
    throw error
  }
}
const fail = (): never => {
  throw unreadable('unpack() was given too few bytes.')
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', "'": '&#39;', '<': '&lt;', '>': '&gt;', '"': '&#34;' }
const jsonEscapes: Readonly<Record<string, string>> = { '<': String.raw`\u003c`, '>': String.raw`\u003e`, '&': String.raw`\u0026`, '\u2028': String.raw`\u2028`, '\u2029': String.raw`\u2029` }

/** As encoding/json writes it: keys in order of their bytes, and nothing that HTML could take for markup. */
export function goJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`
  if (typeof value === 'object' && value !== null)
    return `{${Object.keys(value).map((key) => [bytesOf(key), key] as const).sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => `${goJson(key)}:${goJson((value as Record<string, unknown>)[key])}`).join(',')}}`
  return JSON.stringify(value).replaceAll(/[<>&\u2028\u2029]/g, (character) => jsonEscapes[character]!)
}

export function jsonObject(text: Bytes, name: string): Record<string, unknown> | null {
  let value: unknown
  try {
    value = JSON.parse(buffer(text).toString('utf8'))
  } catch {
    throw unreadable(`${name}() was given what is no JSON.`)
  }
  if (typeof value !== 'object' || Array.isArray(value)) throw unreadable(`${name}() was given JSON that is no object.`)
  return value as Record<string, unknown> | null
}

/** Indented by four spaces, everything else as written. */
function prettified(text: Bytes, scope: Scope): Bytes {
  try {
    JSON.parse(buffer(text).toString('utf8'))
  } catch {
    throw unreadable('json_prettify() was given what is no JSON.')
  }
  const parts: string[] = []
  let depth = 0
  const line = (): void => {
    spend(scope, 1 + 4 * depth)
    parts.push('\n', '    '.repeat(depth))
  }
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g) ?? []
  for (const [index, token] of tokens.entries()) {
    if (token === '}' || token === ']') {
      depth--
      if (tokens[index - 1] !== '{' && tokens[index - 1] !== '[') line()
      parts.push(token)
    } else if (token === '{' || token === '[') {
      parts.push(token)
      depth++
      if (tokens[index + 1] !== '}' && tokens[index + 1] !== ']') line()
    } else if (token === ',') {
      parts.push(token)
      line()
    } else parts.push(token === ':' ? ': ' : token)
  }
  return parts.join('')
}

const base64 = (value: Bytes): string => buffer(value).toString('base64')

/** As Python's base64.encodebytes: lines of 76 characters, each with its end. */
function base64Lines(value: Bytes): string {
  const whole = base64(value)
  const lines: string[] = []
  for (let at = 0; at < whole.length || at === 0; at += 76) lines.push(whole.slice(at, at + 76))
  return `${lines.join('\n')}\n`
}

export const encodings: Readonly<Record<string, HelperFunction>> = {
  base64: ofText(remembered(base64)),
  base64_py: ofText(remembered(base64Lines)),
  base64_decode: ofText((value) => {
    const written = value.replaceAll(/[\r\n]+/g, '')
    if (written.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(written)) throw unreadable('base64_decode() was given what is no base64.')
    return Buffer.from(written, 'base64').toString('latin1')
  }),
  hex_encode: helper(1, 2, ([value, format]) => {
    const digits = buffer(toText(value!)).toString('hex')
    return format !== undefined && toText(format).toLowerCase() === 'x' ? digits.replaceAll(/../g, String.raw`\x$&`) : digits
  }),
  hex_decode: ofText((value) => {
    if (value.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(value)) throw unreadable('hex_decode() was given what is not hexadecimal.')
    return Buffer.from(value, 'hex').toString('latin1')
  }),
  // As encodeURIComponent has it; with a second argument that is true everything but letters and digits.
  url_encode: helper(1, 2, ([value, all]) => toText(value!).replaceAll(all === true || all === 1 ? /[^A-Za-z0-9]/g : /[^A-Za-z0-9\-_.!~*'()]/g, percent)),
  url_decode: ofText((value) => value.replaceAll(/%([0-9a-fA-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))),
  html_escape: helper(1, 2, ([value, all]) => {
    const written = toText(value!)
    return all === true || all === 1 || all === 'true' ? Array.from(unicodeOf(written) ?? written, (character) => `&#${character.codePointAt(0)!};`).join('') : written.replaceAll(/[&'<>"]/g, (character) => escapes[character]!)
  }),
  generate_java_gadget: { ...helper(3, 3, ([gadget, argument, encoding]) => javaGadget(textOf(gadget, 'The gadget'), textOf(argument, 'The address'), textOf(encoding, 'The encoding'))), refusal: gadgetRefusal },
  html_unescape: ofText((value) => value.replaceAll(/&(?:#x?[0-9a-fA-F]{1,12}|[a-zA-Z][a-zA-Z0-9]{1,40});?/g, entity)),
  gzip: compress('gzip', (data) => {
    const packed = gzipSync(data)
    packed[9] = 0xff
    return packed
  }),
  gzip_decode: decompress('gzip_decode', gunzipSync),
  zlib: compress('zlib', deflateSync),
  zlib_decode: decompress('zlib_decode', inflateSync),
  deflate: compress('deflate', deflateRawSync),
  inflate: decompress('inflate', inflateRawSync),
  gzip_mtime: ofText((value) => {
    if (value.length < 10 || !value.startsWith('\u001F\u008B\b')) throw unreadable('gzip_mtime() was given what is not compressed by gzip.')
    return buffer(value).readUInt32LE(4)
  }),
  zip: helper(2, Infinity, zip),
  unpack: helper(2, 2, ([format, packed]) => unpack(textOf(format, 'The format'), textOf(packed, 'What is unpacked'))),
  json_minify: helper(1, 1, ([value]) => bytesOf(goJson(jsonObject(textOf(value, 'The argument of json_minify()'), 'json_minify')))),
  json_prettify: helper(1, 1, ([value], scope) => prettified(textOf(value, 'The argument of json_prettify()'), scope)),
  xor: helper(2, Infinity, (values) => {
    const all = values.map((value) => textOf(value, 'An argument of xor()'))
    const size = all[0]!.length
    if (all.some((one) => one.length !== size)) throw new EvaluationError('wrong_arguments', 'xor() takes texts of one length.')
    const result = Buffer.alloc(size)
    for (const one of all) for (let index = 0; index < size; index++) result[index] = result[index]! ^ one.charCodeAt(index)
    return bytes(result)
  }),
  ip_format: helper(2, 2, ([address, format]) => ipFormat(toText(address!), toText(format!))),
}
