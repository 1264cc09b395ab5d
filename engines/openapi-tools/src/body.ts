import { createHash } from 'node:crypto'
import type { Json, JsonObject } from '@haechi/mcp-wire'
import type { Body, FileArgument, PartEncoding } from './model.ts'
import { CallProblem } from './problem.ts'
import { encode, encodeReserved, pairs, plain } from './style.ts'
import type { Pair } from './style.ts'

export type WrittenBody = { readonly contentType: string; readonly body: string | Uint8Array<ArrayBuffer> }

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A media type that a document may declare and a request may carry; what a wildcard leaves open falls to `otherwise`. */
function concrete(mediaType: string, otherwise: string): string {
  const [type = ''] = mediaType.split(',')
  // oxlint-disable-next-line no-control-regex -- what ends a line is what is looked for
  return /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+\s*(;[^\u0000-\u001F\u007F]*)?$/.test(type.trim()) ? type.trim() : otherwise
}

/** `value` as the document says. Errors: CallProblem argument_unsuitable, file_invalid. */
export function writeBody(body: Body, value: Json): WrittenBody {
  switch (body.kind) {
    case 'json':
      return { contentType: concrete(body.mediaType, 'application/json'), body: JSON.stringify(value) }
    case 'sequence': {
      // RFC 7464 begins each text with RS; JSON lines end it with LF only. Many documents describe one line.
      const mark = /json-seq/i.test(body.mediaType) ? '\u001E' : ''
      return { contentType: concrete(body.mediaType, 'application/jsonl'), body: (Array.isArray(value) ? value : [value]).map((item) => `${mark}${JSON.stringify(item)}\n`).join('') }
    }
    case 'text':
      if (typeof value === 'object' && value !== null) throw unsuitable(body.argument, `one text, which is the whole ${body.mediaType} document`)
      return { contentType: concrete(body.mediaType, 'text/plain; charset=utf-8'), body: plain(value) }
    case 'binary': {
      const file = fileOf(body.argument, value)
      return { contentType: concrete(body.mediaType, concrete(file.contentType ?? '', 'application/octet-stream')), body: file.content }
    }
    case 'form':
      if (!isObject(value)) throw unsuitable(body.argument, 'an object, whose properties are the fields of the form')
      return { contentType: concrete(body.mediaType, 'application/x-www-form-urlencoded'), body: formText(value, body.parts) }
    case 'multipart':
    default:
      if (!isObject(value)) throw unsuitable(body.argument, 'an object, whose properties are the parts')
      return multipart(body, value)
  }
}

const unsuitable = (place: string, wanted: string): CallProblem => new CallProblem('argument_unsuitable', place, `'${place}' has to be ${wanted}.`)

export function formText(value: JsonObject, parts: readonly PartEncoding[]): string {
  return Object.entries(value).flatMap(([name, member]) => fieldPairs(name, member, parts.find((part) => part.name === name))).map((pair) => pair.join('=')).join('&')
}

/** OpenAPI 3.2 §4.15.2: style, explode and allowReserved where one is given, else by the content type, which for objects is JSON. */
function fieldPairs(name: string, value: Json, part: PartEncoding | undefined): Pair[] {
  const encodeText = part?.allowReserved === true ? encodeReserved('query') : encode
  if (part?.style != null) return pairs(value, { name, style: part.style, explode: part.explode }, encodeText)
  if (part?.contentType != null && /json/i.test(part.contentType) && typeof value === 'object') return [[encode(name), encode(JSON.stringify(value))]]
  if (part?.file === true) return (part.list && Array.isArray(value) ? value : [value]).map((file: Json) => [encode(name), encode(Buffer.from(fileOf(name, file).content).toString())] as const)
  return isObject(value) ? [[encode(name), encode(JSON.stringify(value))]] : pairs(value, { name, style: 'form', explode: true }, encodeText)
}

type Part = { readonly head: string; readonly content: Uint8Array }

function multipart(body: Body, value: JsonObject): WrittenBody {
  const parts: Part[] = []
  const kind = concrete(body.mediaType, 'multipart/form-data').split(';')[0] ?? ''
  const add = (name: string, contentType: string | null, content: Uint8Array, filename?: string): void => {
    const disposition = `Content-Disposition: form-data; name="${quoted(name, name)}"${filename === undefined ? '' : `; filename="${quoted(name, filename)}"`}\r\n`
    parts.push({ head: `${disposition}${contentType === null ? '' : `Content-Type: ${contentType}\r\n`}\r\n`, content })
  }
  for (const [name, member] of Object.entries(value)) {
    if (member === null) continue
    const encoding = body.parts.find((part) => part.name === name)
    if (encoding?.style != null && typeof member === 'object') {
      for (const [key, text] of pairs(member, { name, style: encoding.style, explode: encoding.explode }, encode)) add(decodeURIComponent(key), null, Buffer.from(decodeURIComponent(text)))
      continue
    }
    for (const item of Array.isArray(member) && encoding?.contentType == null ? member : encoding?.list === true && Array.isArray(member) ? member : [member]) {
      if (encoding?.file === true) {
        const file = fileOf(name, item)
        add(name, concrete(file.contentType ?? '', concrete(encoding.contentType ?? '', 'application/octet-stream')), file.content, file.filename ?? name)
      } else {
        const contentType = encoding?.contentType == null ? null : concrete(encoding.contentType, '')
        add(name, contentType === '' || contentType === null ? (typeof item === 'object' ? 'application/json' : null) : contentType, Buffer.from(plain(item as Json)))
      }
    }
  }
  const boundary = boundaryFor(parts)
  const content = Buffer.concat([...parts.flatMap(({ head, content }) => [Buffer.from(`--${boundary}\r\n${head}`), content, Buffer.from('\r\n')]), Buffer.from(`--${boundary}--\r\n`)])
  return { contentType: `${kind}; boundary=${boundary}`, body: content }
}

/** A hash of what it parts: nobody can write a text that holds its own. Looked for all the same, because RFC 2046 §5.1.1 asks for its absence and not for luck. */
function boundaryFor(parts: readonly Part[]): string {
  for (let attempt = 0; ; attempt += 1) {
    const hash = createHash('sha256').update(String(attempt))
    for (const { head, content } of parts) hash.update(head).update(content)
    const boundary = `haechi-${hash.digest('hex').slice(0, 40)}`
    if (!parts.some(({ head, content }) => head.includes(boundary) || Buffer.from(content.buffer, content.byteOffset, content.byteLength).includes(boundary))) return boundary
  }
}

/** RFC 7578 §2 as WHATWG browsers write it; what ends a line is refused instead of escaped, because no name needs it. */
function quoted(place: string, text: string): string {
  // oxlint-disable-next-line no-control-regex -- what ends a line is what is looked for
  if (/[\u0000-\u001F\u007F]/.test(text)) throw new CallProblem('file_invalid', place, `The name or filename of the part '${place}' has control characters in it.`)
  return text.replaceAll('"', '%22').replaceAll('\\', '%5C')
}

type File = { readonly content: Uint8Array<ArrayBuffer>; readonly filename?: string; readonly contentType?: string }

/** A FileArgument; a bare text is taken for its `text`. */
function fileOf(place: string, value: Json): File {
  const wrong = (why: string): CallProblem => new CallProblem('file_invalid', place, `The file '${place}' ${why}. Give { "text": ... } or { "base64": ... }, and "filename" and "contentType" if they matter.`)
  if (typeof value === 'string') return { content: new Uint8Array(Buffer.from(value)) }
  if (!isObject(value)) throw wrong('is no object')
  const { text, base64, filename, contentType } = value as FileArgument
  for (const [key, member] of Object.entries({ text, base64, filename, contentType })) if (member !== undefined && typeof member !== 'string') throw wrong(`has a '${key}' that is no text`)
  if ((text === undefined) === (base64 === undefined)) throw wrong(text === undefined ? 'has neither text nor base64' : 'has both text and base64')
  if (base64 !== undefined && !/^[\w+/-]*={0,2}$/.test(base64.replaceAll(/\s/g, ''))) throw wrong('has a base64 that is none')
  if (contentType !== undefined && concrete(contentType, '') === '') throw wrong('has a contentType that is no media type')
  return {
    content: new Uint8Array(text === undefined ? Buffer.from(base64 ?? '', 'base64') : Buffer.from(text)),
    ...(filename === undefined ? {} : { filename }), ...(contentType === undefined ? {} : { contentType }),
  }
}
