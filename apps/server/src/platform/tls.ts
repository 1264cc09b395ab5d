// Beyond loopback nothing is served without TLS, and a key never lies in a file that others can read. The local CA is what agents pin: it
// is made once and never replaced behind their back. Defended by tls.test.ts.
import type { KeyObject } from 'node:crypto'
import { createPrivateKey, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import ipaddr from 'ipaddr.js'
import { makeCertificate } from './certificate.ts'
import type { Clock } from './clock.ts'
import { HaechiError } from './errors.ts'

export type ServerCertificate = {
  /** PEM, with the chain that was given. */
  readonly cert: string
  readonly key: string
  /** Certificate of the built-in CA, for clients to trust; only where it issued `cert`. */
  readonly caFile?: string
}

const day = 86_400_000
const caDays = 3_650
const serverDays = 365
const renewBefore = 30 * day

/**
 * What to serve `host` with; null on loopback, unless a pair of files is given ('' counts as none). The built-in CA (P-256, ten years) and
 * its server certificate (one year, renewed at a start with less than 30 days left or with other names) are in `<dataDirectory>/tls`.
 * Errors: tls_file_unreadable, tls_pair_mismatch, tls_certificate_expired, tls_certificate_early, tls_ca_unusable, data_directory_unusable.
 */
export async function serverCertificate(options: { host: string; certFile?: string; keyFile?: string; dataDirectory: string; clock: Clock }): Promise<ServerCertificate | null> {
  const { host, certFile = '', keyFile = '', clock } = options
  if (certFile !== '' || keyFile !== '') return await givenPair(certFile, keyFile, clock.now())
  if (isLoopback(host)) return null
  const directory = join(options.dataDirectory, 'tls')
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const ca = await localCa(directory, clock.now())
    return { ...await issued(directory, ca, namesOf(host), clock.now()), caFile: ca.file }
  } catch (error) {
    if (error instanceof HaechiError) throw error
    throw new HaechiError('data_directory_unusable', { directory, reason: codeOf(error) }, { cause: error })
  }
}

export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '')
  return name === 'localhost' || (ipaddr.isValid(name) && ipaddr.process(name).range() === 'loopback')
}

async function givenPair(certFile: string, keyFile: string, now: number): Promise<ServerCertificate> {
  const cert = await readFile(certFile, 'utf8').catch((cause: unknown) => { throw unreadable(certFile, cause) })
  const key = await readFile(keyFile, 'utf8').catch((cause: unknown) => { throw unreadable(keyFile, cause) })
  const certificate = parsed(certFile, () => new X509Certificate(cert))
  const privateKey = parsed(keyFile, () => createPrivateKey(key))
  if (!certificate.checkPrivateKey(privateKey)) throw new HaechiError('tls_pair_mismatch', { cert: certFile, key: keyFile })
  if (Date.parse(certificate.validTo) <= now) throw new HaechiError('tls_certificate_expired', { file: certFile, until: new Date(certificate.validTo).toISOString() })
  if (Date.parse(certificate.validFrom) > now) throw new HaechiError('tls_certificate_early', { file: certFile, from: new Date(certificate.validFrom).toISOString() })
  return { cert, key }
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown')
// OpenSSL's reasons name the fault and not the contents.
const unreadable = (file: string, cause: unknown): HaechiError => new HaechiError('tls_file_unreadable', { file, reason: codeOf(cause) }, { cause })
function parsed<T>(file: string, parse: () => T): T {
  try {
    return parse()
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

type Ca = { file: string; certificate: X509Certificate; key: KeyObject }

async function localCa(directory: string, now: number): Promise<Ca> {
  const file = join(directory, 'ca.pem')
  const keyFile = join(directory, 'ca.key')
  let pem = await present(file)
  if (pem === null) {
    const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    // Two installations have two names: a client that trusts both must be able to tell them apart.
    const name = `Haechi local CA ${randomBytes(4).toString('hex')}`
    pem = makeCertificate({ subject: name, publicKey: keys.publicKey, issuer: { name, ...keys }, notBefore: now - 3_600_000, notAfter: now + caDays * day })
    // The certificate comes second: a key without one is the rest of a start that was killed, and is made again.
    await replace(keyFile, pemOf(keys.privateKey))
    await replace(file, pem)
  }
  const unusable = (reason: string, cause?: unknown): HaechiError => new HaechiError('tls_ca_unusable', { file, reason }, { cause })
  let certificate: X509Certificate
  let key: KeyObject
  try {
    certificate = new X509Certificate(pem)
    key = createPrivateKey(await readFile(keyFile, 'utf8'))
  } catch (cause) {
    throw unusable(codeOf(cause), cause)
  }
  if (!certificate.checkPrivateKey(key)) throw unusable('ca.key')
  if (Date.parse(certificate.validTo) - now < day) throw unusable(`expired ${new Date(certificate.validTo).toISOString()}`)
  return { file, certificate, key }
}

async function issued(directory: string, ca: Ca, names: readonly Name[], now: number): Promise<{ cert: string; key: string }> {
  const file = join(directory, 'server.pem')
  const keyFile = join(directory, 'server.key')
  const cert = await present(file)
  const key = await present(keyFile)
  if (cert !== null && key !== null && serves(cert, key, ca, names, now)) return { cert, key }
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const fresh = {
    cert: makeCertificate({
      subject: 'Haechi', publicKey: keys.publicKey, issuer: { name: ca.certificate.subject.replace(/^CN=/, ''), publicKey: ca.certificate.publicKey, privateKey: ca.key },
      notBefore: now - 3_600_000, notAfter: Math.min(now + serverDays * day, Date.parse(ca.certificate.validTo)),
      names: names.map(({ type, value }) => ({ type, value: type === 'ip' ? Uint8Array.from(ipaddr.parse(value).toByteArray()) : value })),
    }),
    key: pemOf(keys.privateKey),
  }
  await replace(keyFile, fresh.key)
  await replace(file, fresh.cert)
  return fresh
}

/** Whether the pair of an earlier start still does. One that is broken in any way is replaced: nobody pins it. */
function serves(cert: string, key: string, ca: Ca, names: readonly Name[], now: number): boolean {
  try {
    const certificate = new X509Certificate(cert)
    return certificate.checkPrivateKey(createPrivateKey(key)) && certificate.verify(ca.certificate.publicKey) && Date.parse(certificate.validFrom) <= now
      && Date.parse(certificate.validTo) - now >= renewBefore
      && names.every(({ type, value }) => (type === 'ip' ? certificate.checkIP(value) : certificate.checkHost(value, { subject: 'never' })) !== undefined)
  } catch {
    return false
  }
}

type Name = { readonly type: 'dns' | 'ip'; readonly value: string }

/** The name that was asked for, and every name and address by which this machine can be reached. */
function namesOf(host: string): Name[] {
  const asked = host.toLowerCase().replace(/^\[|\]$/g, '')
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address))
  const values = new Set(['localhost', hostname().toLowerCase(), asked, '127.0.0.1', '::1', ...addresses])
  return [...values].flatMap((value): Name[] => {
    if (ipaddr.isValid(value)) {
      const address = ipaddr.parse(value)
      // 0.0.0.0 and :: are no addresses to connect to; a link-local one has a meaning only with its zone.
      return ['unspecified', 'linkLocal'].includes(address.range()) ? [] : [{ type: 'ip', value: address.toString() }]
    }
    return /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/.test(value) ? [{ type: 'dns', value }] : []
  })
}

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }) as string

async function present(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600, flush: true })
  await rename(`${file}.new`, file)
}
