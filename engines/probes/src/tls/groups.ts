// Groups in which keys are agreed on (IANA's registry "TLS Supported Groups"), and our share of those that Node can calculate in.
import { createECDH, createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto'

type Group = { readonly name: string; /** Strength of a symmetric key that is as hard (NIST SP 800-57, part 1, 5.6.1.1). */ readonly bits: number }

const registry: readonly (readonly [number: number, name: string, bits: number])[] = [
  [0x11ec, 'X25519MLKEM768', 192], [0x11eb, 'SecP256r1MLKEM768', 192], [0x11ed, 'SecP384r1MLKEM1024', 256], [0x6399, 'X25519Kyber768Draft00', 192],
  [29, 'x25519', 128], [23, 'secp256r1', 128], [24, 'secp384r1', 192], [25, 'secp521r1', 256], [30, 'x448', 224],
  [256, 'ffdhe2048', 112], [257, 'ffdhe3072', 128], [258, 'ffdhe4096', 152], [259, 'ffdhe6144', 176], [260, 'ffdhe8192', 200],
  [31, 'brainpoolP256r1tls13', 128], [32, 'brainpoolP384r1tls13', 192], [33, 'brainpoolP512r1tls13', 256], [26, 'brainpoolP256r1', 128], [27, 'brainpoolP384r1', 192], [28, 'brainpoolP512r1', 256],
  [0x0200, 'MLKEM512', 128], [0x0201, 'MLKEM768', 192], [0x0202, 'MLKEM1024', 256], [41, 'curveSM2', 128], [22, 'secp256k1', 128],
  [14, 'sect571r1', 256], [13, 'sect571k1', 256], [11, 'sect409k1', 192], [12, 'sect409r1', 192], [9, 'sect283k1', 128], [10, 'sect283r1', 128],
  [21, 'secp224r1', 112], [20, 'secp224k1', 112], [8, 'sect239k1', 112], [6, 'sect233k1', 112], [7, 'sect233r1', 112], [19, 'secp192r1', 96], [18, 'secp192k1', 96], [4, 'sect193r1', 96], [5, 'sect193r2', 96],
  [17, 'secp160r2', 80], [16, 'secp160r1', 80], [15, 'secp160k1', 80], [1, 'sect163k1', 80], [2, 'sect163r1', 80], [3, 'sect163r2', 80],
]
const groups = new Map<number, Group>(registry.map(([number, name, bits]) => [number, { name, bits }]))

/** Strong and usual ones first. */
export const allGroups: readonly number[] = registry.map(([number]) => number)
/** Without hybrids, ML-KEM, and the curves that have a number of their own in TLS 1.3. */
export const groupsBefore13: readonly number[] = allGroups.filter(number => number <= 260 && !(number >= 31 && number <= 33) && number !== 41)
export const curvesBefore13: readonly number[] = groupsBefore13.filter(number => number < 256)
/** Elliptic curves older than TLS 1.3 that it does not know (RFC 8446, 4.2.7). */
export const groupsOf13: readonly number[] = allGroups.filter(number => (number >= 23 && number <= 25) || number >= 29)

/** 'x25519', or '0x1234' where IANA knows none. */
export const groupName = (number: number): string => groups.get(number)?.name ?? `0x${number.toString(16).padStart(4, '0')}`
export const groupBits = (number: number): number | null => groups.get(number)?.bits ?? null

/** Our half of an agreement (RFC 8446, 4.2.8). */
export type KeyShare = {
  readonly group: number
  readonly mine: Buffer
  /** What both know then. null: what the other side sent is no key. */
  readonly secret: (theirs: Buffer) => Buffer | null
}

// RFC 8410, section 7: what stands before the bytes of a key.
const montgomery: Readonly<Record<number, { readonly size: number; readonly privateHead: string; readonly publicHead: string }>> = {
  29: { size: 32, privateHead: '302e020100300506032b656e04220420', publicHead: '302a300506032b656e032100' },
  30: { size: 56, privateHead: '3046020100300506032b656f043a0438', publicHead: '3042300506032b656f033900' },
}
const weierstrass: Readonly<Record<number, { readonly name: string; readonly size: number }>> = { 23: { name: 'prime256v1', size: 32 }, 24: { name: 'secp384r1', size: 48 }, 25: { name: 'secp521r1', size: 66 } }

/** null for a group that Node does not calculate in. `bytes(n)`: n bytes of chance. */
export function keyShare(group: number, bytes: (count: number) => Buffer): KeyShare | null {
  const orNull = (calculate: () => Buffer): Buffer | null => {
    try {
      return calculate()
    } catch {
      // Not on the curve, or of small order.
      return null
    }
  }
  const x = montgomery[group]
  if (x !== undefined) {
    const key = createPrivateKey({ key: Buffer.concat([Buffer.from(x.privateHead, 'hex'), bytes(x.size)]), format: 'der', type: 'pkcs8' })
    const mine = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-x.size)
    return { group, mine, secret: theirs => orNull(() => diffieHellman({ privateKey: key, publicKey: createPublicKey({ key: Buffer.concat([Buffer.from(x.publicHead, 'hex'), theirs]), format: 'der', type: 'spki' }) })) }
  }
  const curve = weierstrass[group]
  if (curve === undefined) return null
  const ecdh = createECDH(curve.name)
  // Small enough for each of the curves, never zero.
  const scalar = Buffer.concat([Buffer.alloc(curve.size - 28), bytes(28)])
  scalar[curve.size - 1] = 1
  ecdh.setPrivateKey(scalar)
  return { group, mine: ecdh.getPublicKey(), secret: theirs => orNull(() => ecdh.computeSecret(theirs)) }
}
