const block = 512

/** Whether it begins as a tar archive does. */
export const isTar = (bytes: Buffer): boolean => bytes.length >= block && bytes.toString('latin1', 257, 262) === 'ustar'

/** Files of a tar archive in their order (IEEE 1003.1-2017, pax, ustar and GNU's long names); last `brokenAt`, where it is cut off or none. */
export function* tarMembers(archive: Buffer): Generator<{ readonly name: string; readonly content: Buffer } | { readonly brokenAt: number }> {
  const text = (from: number, length: number): string => archive.toString('utf8', from, from + length).replace(/\0[\s\S]*$/, '')
  let longName: string | null = null
  for (let at = 0; at + block <= archive.length && archive[at] !== 0;) {
    const size = Number.parseInt(text(at + 124, 12).trim() || '0', 8)
    const end = at + block + size
    if (!Number.isSafeInteger(size) || size < 0 || end > archive.length) {
      yield { brokenAt: at }
      return
    }
    const content = archive.subarray(at + block, end)
    const type = text(at + 156, 1)
    const prefix = text(at + 257, 5) === 'ustar' ? text(at + 345, 155) : ''
    const name: string = longName ?? (prefix === '' ? text(at, 100) : `${prefix}/${text(at, 100)}`)
    longName = type === 'L' ? content.toString('utf8').replace(/\0[\s\S]*$/, '') : type === 'x' ? /(?:^|\n)\d+ path=(.*)\n/.exec(content.toString('utf8'))?.[1] ?? null : null
    if (type === '0' || type === '') yield { name: name.replace(/^\.\//, ''), content }
    at = at + block + Math.ceil(size / block) * block
  }
}
