// The common frame of an OCSF 1.8 event. Attribute names are those of github.com/ocsf/ocsf-schema 1.8.0; ocsf.integration.test.ts checks every event of the corpora against it.
import type { Columns } from './reading.ts'
import { baseName, digests, table } from './values.ts'
import type { Bag } from './values.ts'

export const OCSF_VERSION = '1.8.0'

const ALGORITHMS = table<number>({ MD5: 1, SHA1: 2, SHA256: 3, SHA512: 4, IMPHASH: 18 })
const ALGORITHM_BY_LENGTH: Record<number, number> = { 32: 1, 40: 2, 56: 8, 64: 3, 96: 9, 128: 4 }
const ALGORITHM_NAMES: Record<number, string> = { 1: 'MD5', 2: 'SHA-1', 3: 'SHA-256', 4: 'SHA-512', 8: 'SHA-224', 9: 'SHA-384', 18: 'Imphash' }

/** The same object less what is null or undefined or an object that became empty; undefined when nothing is left. */
export function present(object: Bag): Bag | undefined {
  let any = false
  const kept: Bag = {}
  for (const key of Object.keys(object)) {
    const value = object[key]
    if (value === null || value === undefined) continue
    kept[key] = value
    any = true
  }
  return any ? kept : undefined
}

/** An OCSF file object. `type_id` 1 = regular file, 6 = named pipe. */
export function file(path: string | null, typeId = 1, hashes?: unknown): Bag | undefined {
  if (path === null) return undefined
  const name = baseName(path)
  return present({
    name, path, type_id: typeId,
    parent_folder: path.length > name.length + 1 ? path.slice(0, path.length - name.length - 1) : null,
    hashes: fingerprints(hashes),
  })
}

export function fingerprints(hashes: unknown): Bag[] | undefined {
  const found = digests(hashes)
  if (found.length === 0) return undefined
  return found.map(([name, value]) => {
    const algorithmId = ALGORITHMS[name.replace('-', '')] ?? (name === '' ? ALGORITHM_BY_LENGTH[value.length] : undefined) ?? 99
    return { algorithm: ALGORITHM_NAMES[algorithmId] ?? name, algorithm_id: algorithmId, value }
  })
}

export type Frame = {
  product: Bag
  /** `metadata` beyond version, product and event code. */
  metadata?: Bag
  /** 0 unknown, 1 success, 2 failure. */
  status: number
  statusCode?: string | null
  statusDetail?: string | null
  /** What the source says in fields that the class has no place for. */
  unmapped: Bag | undefined
}

/** An event of the class and with the time, severity and message of its columns; `body` holds the attributes of the class. A record without a time has `time` 0. */
export function event(columns: Columns, frame: Frame, body: Bag): Bag {
  const windowsExtension = columns.class_uid >= 200_000
  return {
    metadata: present({
      version: OCSF_VERSION, product: frame.product, event_code: columns.event_code,
      extensions: windowsExtension ? [{ name: 'win', uid: '2', version: OCSF_VERSION }] : null,
      ...frame.metadata,
    }),
    class_uid: columns.class_uid,
    category_uid: categoryOf(columns.class_uid),
    activity_id: columns.activity_id,
    type_uid: columns.class_uid * 100 + columns.activity_id,
    severity_id: columns.severity_id,
    time: columns.time ?? 0,
    ...present({
      message: columns.message, status_id: frame.status === 0 ? null : frame.status, status_code: frame.statusCode, status_detail: frame.statusDetail,
      unmapped: frame.unmapped,
      ...body,
    }),
  }
}

/** An extension's class number carries the extension in front: 201001 = extension 2, category 1, class 1. */
export function categoryOf(classUid: number): number {
  return Math.floor((classUid % 100_000) / 1000)
}
