// Nothing secret is stored in the clear: a sealed value is AES-256-GCM under a key of its purpose, bound by its AAD to the place it
// belongs to, so a row copied elsewhere does not open. Defended by secrets.test.ts.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { chmod, link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { HaechiError } from './errors.ts'

/** `aad` names the place, e.g. `access_api_keys/key_01…/secret`. */
export interface Sealer {
  seal(plain: Uint8Array, aad: string): Uint8Array
  /** Errors: secret_unreadable. */
  open(sealed: Uint8Array, aad: string): Uint8Array
}

export interface Keyring {
  /** A sealer with a key of its own for one purpose ('access', 'event-log', ...), derived by HKDF (RFC 5869). */
  sealer(purpose: string): Sealer
  /** The raw key of a purpose, for a child process that builds its own sealer. */
  key(purpose: string): Uint8Array
}

const version = 1

/** Layout: version, 12-byte nonce, ciphertext, 16-byte tag. */
export function sealerFromKey(key: Uint8Array, keyFile: string): Sealer {
  return {
    seal(plain, aad) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      cipher.setAAD(Buffer.from(aad))
      return Buffer.concat([Buffer.of(version), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
    },
    open(sealed, aad) {
      try {
        if (sealed[0] !== version || sealed.length < 29) throw new RangeError('not a sealed value')
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 13))
        decipher.setAAD(Buffer.from(aad))
        decipher.setAuthTag(sealed.subarray(sealed.length - 16))
        return Buffer.concat([decipher.update(sealed.subarray(13, sealed.length - 16)), decipher.final()])
      } catch (cause) {
        throw new HaechiError('secret_unreadable', { place: aad, file: keyFile }, { cause })
      }
    },
  }
}

/** The master key: 32 bytes in `file` (mode 0600), made at the first start. Whoever has the file and the database has the secrets: back it up apart. */
export async function openKeyring(file: string): Promise<Keyring & { created: boolean }> {
  let created = false
  const read = async () => Buffer.from((await readFile(file, 'utf8')).trim(), 'base64')
  let master: Buffer
  try {
    master = await read()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    // link() fails when another process was faster, and a crash leaves no half-written key.
    const draft = `${file}.${randomBytes(8).toString('hex')}`
    await writeFile(draft, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flush: true })
    await link(draft, file).then(() => { created = true }, (raced: NodeJS.ErrnoException) => { if (raced.code !== 'EEXIST') throw raced })
    await unlink(draft)
    master = await read()
  }
  if (master.length !== 32) throw new HaechiError('secret_unreadable', { place: 'the master key', file })
  await chmod(file, 0o600)
  const key = (purpose: string) => Buffer.from(hkdfSync('sha256', master, '', `haechi/${purpose}`, 32))
  return { created, key, sealer: (purpose) => sealerFromKey(key(purpose), file) }
}
