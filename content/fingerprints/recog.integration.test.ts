// Our rules beside Recog's fingerprints over its own banners: where both know the product, they name the same version.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { createIdentifier, createTechnologyIdentifier, readFingerprints, readTechnologyRules } from '@haechi/fingerprints'
import { expect, test } from 'vitest'
import { CORPUS, untar } from '../../tests/templates-corpus.ts'

const archive = join(CORPUS, 'recog/recog.tar.gz')
const missing = !existsSync(archive)

/** Banners whose version is read in another way, and why ours is right. */
const reasons: Readonly<Record<string, string>> = {
  'Apache/1': 'a version is what is written', 'Apache/2': 'a version is what is written',
  'Jetty(7.6.9.v20130131)': 'the date of the build is no version in the NVD', 'Jetty(8.1.10.v20130312)': 'the date of the build is no version in the NVD', 'squid/3.2.9-BZR': 'the branch is no version', 'Resin/2.1.s030827': 'the snapshot is no version',
  'NetData Embedded HTTP Server v1.16.1-146-g2f5e36ef': 'commits after a release are no version',
}

test.skipIf(missing)(`versions agree with Recog's${missing ? ` (skipped: no ${archive}; set HAECHI_CORPUS)` : ''}`, () => {
  const { databases, cpeNames } = readFingerprints(untar(gunzipSync(readFileSync(archive))))
  const recog = createIdentifier(databases, { cpeNames })
  const ours = createTechnologyIdentifier(readTechnologyRules(readdirSync(import.meta.dirname).map((path) => ({ path, content: path.endsWith('.yaml') ? readFileSync(join(import.meta.dirname, path)) : '' }))).rules)
  const differ: string[] = []
  let both = 0
  for (const [stem, header] of [['http_servers', 'server'], ['http_cookies', 'set-cookie'], ['http_wwwauth', 'www-authenticate'], ['http_xpoweredby', 'x-powered-by']] as const) {
    for (const { banner } of databases.find((each) => each.stem === stem)?.fingerprints.flatMap(({ examples }) => examples) ?? []) {
      const [, , , vendor, product, version, update] = recog.identify(stem, banner)?.service?.cpe?.name.split(':') ?? []
      const same = ours.identify({ headers: { [header]: banner } }).find(({ cpe }) => vendor !== undefined && cpe?.name.split(':').slice(3, 5).join(':') === `${vendor}:${product}`)
      if (same === undefined) continue
      both++
      if (same.cpe?.name.split(':').slice(5, 7).join(':') !== `${version}:${update}`) differ.push(banner)
    }
  }
  expect(both).toBeGreaterThan(90)
  expect(differ.toSorted()).toEqual(Object.keys(reasons).toSorted())
})
