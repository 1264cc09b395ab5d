import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { draw } from '../../../content/secrets/draw.ts'
import { createDetector } from './index.ts'

const detector = createDetector([])
const found = (text: string, path = 'src/app.ts'): string[] => detector.detect(Buffer.from(text, 'utf8'), { path }).found.map(({ rule }) => rule)

describe('secrets that no form gives away', () => {
  test.each([
    ['generic-assigned-secret', 'const apiKey = "{base62:32}"', 'src/app.ts'],
    ['generic-assigned-secret', '"client_secret": "{base64url:40}",', 'config.json'],
    ['generic-assigned-secret', "define('AUTH_KEY', '{base62:48}');", 'wp-config.php'],
    ['generic-assigned-secret', "password => 'k7Q!x9Lm'", 'deploy.rb'],
    ['generic-assigned-secret', 'var 비밀번호 = "k7Q!x9Lm2"', 'src/Main.kt'],
    ['generic-configured-secret', 'export SERVICE_TOKEN={hex:40}', '.env'],
    ['generic-configured-secret', 'db.password=k7Q!x9Lm', 'application.properties'],
    ['generic-configured-secret', '\ufeffSERVICE_TOKEN={hex:40}', '.env'],
    ['generic-configured-secret', '  api-key: {base62:32}', 'values.yaml'],
    ['generic-configured-secret', `  password: ${Buffer.from('k7Q!x9Lm2p#4').toString('base64')}`, 'secret.yaml'],
    ['generic-url-password', 'amqp://app:{base62:16}@queue.internal:5672/', 'src/app.ts'],
    ['generic-url-password', 'https://deploy:{base62:20}@git.internal/app.git', 'src/app.ts'],
    ['generic-bearer-authorization', 'curl -H "Authorization: Bearer {base62:40}"', 'run.sh'],
  ])('%s: %s', (rule, text, path) => {
    for (const seed of ['a', 'b', 'c']) expect([seed, found(Buffer.from(draw(text, seed), 'latin1').toString('utf8'), path)]).toEqual([seed, [rule]])
  })

  test('a name and a password in a header', () => {
    expect(found(`authorization: Basic ${Buffer.from('deploy:k7Q!x9Lm2p').toString('base64')}`)).toEqual(['generic-basic-authorization'])
    expect(found(`authorization: Basic ${Buffer.from('deploy and password').toString('base64')}`)).toEqual([])
  })

  test('a key between its lines, and where its lines are written in a string', () => {
    const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    expect(found(pem)).toEqual(['generic-private-key'])
    expect(found(JSON.stringify({ key: pem }))).toEqual(['generic-private-key'])
    expect(found(pem.replaceAll('PRIVATE', 'PUBLIC'))).toEqual([])
  })

  test('a token, and none that says neither when nor which', () => {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const token = (claims: unknown): string => `${part({ alg: 'HS256' })}.${part(claims)}.${draw('{base64url:43}', 'token')}`
    expect(found(`x = ${token({ sub: 'app', iat: 1_700_000_000 })}`)).toEqual(['generic-jwt'])
    expect(found(`x = ${token({ sub: 'admin' })}`)).toEqual([])
  })
})

describe('what stands where a secret would', () => {
  test.each([
    'password = getPassword(user)', 'const password = "password123"', 'token: "{{ .Values.token }}"', 'api_key = "YOUR_API_KEY_HERE"', 'secret = "${SECRET_FROM_VAULT}"', '"token": "access_token"', 'passwordField = "user_password_field"',
    'const tokenType = "Bearer"', '"integrity": "sha512-{base64:80}=="', 'secretName: "my-app-credentials"', 'apiKey: process.env.API_KEY', 'password: "비밀번호를 입력하세요"', 'nextToken = "{base64:40}"', '"password_hash": "{hex:64}"', 'token = "{uuid:36}"',
    `token: "${Buffer.from('run the local administrator').toString('base64')}"`, 'access_key = "/etc/keys/access.pem"', 'postgres://user:password@localhost/db', 'https://example.com:8443/path@2x', 'redis://:${REDIS_PASSWORD}@cache', 'const secret = /^[A-Za-z0-9]{32}$/', 'passwordChangedAt: "2024-05-01T10:00:00Z"', 'csrfToken = "{base62:32}"',
  ])('%s', (text) => {
    expect(found(Buffer.from(draw(text.replace('{{ .', '{ {.').replace('{ {.', '{{ .'), 'x'), 'latin1').toString('utf8'))).toEqual([])
  })

  test('digests of lock files, and passwords that tests make up', () => {
    expect(found(draw('"token": "{base62:40}"', 'x'), 'package-lock.json')).toEqual([])
    expect(found('password = "k7Q!x9Lm"', 'src/login.test.ts')).toEqual([])
    expect(found('password = "k7Q!x9Lm"', 'src/login.ts')).toEqual(['generic-assigned-secret'])
  })
})
