import { expect, test } from 'vitest'
import type { Bytes, HttpResponse, Value } from '../model.ts'
import { Answer, responseText } from './answer.ts'

const response: HttpResponse = {
  status: 404, reason: 'Not Found', body: 'hello', truncated: false, durationMs: 1500, address: '192.0.2.7',
  headers: [['x-powered-by', 'PHP/8'], ['Content-Type', 'text/html'], ['set-cookie', 'Session="abc"; Path=/'], ['Set-Cookie', 'type=evil'], ['ETag', 'w/1'], ['Content-Length', '99'], ['Location', '/next']],
}
function answerOf(over: Partial<ConstructorParameters<typeof Answer>[0]> = {}, values: Record<string, Value> = {}): Answer {
  return new Answer({ response, url: 'http://a.test:81/x/y?z', input: 'http://a.test:81', requestText: () => 'GET / HTTP/1.1\r\n\r\n', payload: () => undefined, history: null, values: (name) => (Object.hasOwn(values, name) ? values[name] : undefined), ...over })
}
const head = 'HTTP/1.1 404 Not Found\r\nContent-Length: 99\r\nContent-Type: text/html\r\nEtag: w/1\r\nLocation: /next\r\nSet-Cookie: Session="abc"; Path=/\r\nSet-Cookie: type=evil\r\nX-Powered-By: PHP/8\r\n\r\n'

test.each<[string, Value | undefined]>([
  ['status_code', 404], ['body', 'hello'], ['header', head], ['all_headers', head], ['response', `${head}hello`], ['raw', `${head}hello`], ['all', `hello${head}`], ['content_length', 99], ['duration', 1.5],
  ['request', 'GET / HTTP/1.1\r\n\r\n'], ['host', 'http://a.test:81'], ['type', 'http'], ['matched', 'http://a.test:81/x/y?z'], ['ip', '192.0.2.7'], ['path', '/x/y'], ['x_powered_by', 'PHP/8'], ['location', '/next'],
  ['content_type', 'text/html'], ['etag', 'w/1'], ['set_cookie', 'Session="abc"; Path=/ type=evil'], ['session', 'abc'], ['nothing', undefined], ['constructor', undefined],
])('%s', (name, value) => expect(answerOf().lookup(name)).toBe(value))

test('parts are texts', () => {
  expect(answerOf().part('status_code')).toBe('404')
  expect(answerOf({}, { list: ['a', 'b'] }).part('list')).toBe('[a b]')
  expect(answerOf().part('nothing')).toBeUndefined()
})

test('the answer goes before payloads, payloads before earlier answers, these before what else has a name', () => {
  const history = new Map([[1, answerOf({ response: { ...response, body: 'first', status: 200 } })], [2, answerOf()]])
  const answer = answerOf({ history, payload: (name) => (name === 'server' || name === 'body' ? 'payload' : undefined) }, { server: 'value', body_1: 'value', other: 'value', body_9: 'value' })
  expect(answer.lookup('body')).toBe('hello')
  expect(answer.lookup('server')).toBe('payload')
  expect(answer.lookup('body_1')).toBe('first')
  expect(answer.lookup('status_code_1')).toBe(200)
  expect(answer.lookup('x_powered_by_1')).toBe('PHP/8')
  expect(answer.lookup('body_9')).toBe('value')
  expect(answer.lookup('other')).toBe('value')
  expect(answer.own('other')).toBeUndefined()
  expect(answerOf({}, { body_1: 'value' }).lookup('body_1')).toBe('value')
})

test('the length is counted where it does not stand there, or stands for something else', () => {
  const length = (headers: [Bytes, Bytes][]): Value | undefined => answerOf({ response: { ...response, headers } }).lookup('content_length')
  expect(length([])).toBe(5)
  expect(length([['content-length', 'x']])).toBe(5)
  expect(length([['Content-Length', '7']])).toBe(7)
  expect(length([['Content-Length', '7'], ['Content-Encoding', 'gzip']])).toBe(5)
  expect(length([['Transfer-Encoding', 'chunked']])).toBe(5)
})

test('a cookie does not stand for a header of its name', () => {
  expect(answerOf({ response: { ...response, headers: [['Server', 'nginx'], ['Set-Cookie', 'server=evil'], ['Set-Cookie', 'body=evil']] } }).lookup('server')).toBe('nginx')
})

test('texts of an answer that many templates share are made once', () => {
  expect(responseText(response)).toBe(answerOf().lookup('response'))
  expect(answerOf().lookup('header')).toBe(head)
})
