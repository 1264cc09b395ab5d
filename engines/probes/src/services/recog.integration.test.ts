// What the whole of Recog adds to what our own parsers find.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { createIdentifier, readFingerprints } from '@haechi/fingerprints'
import { expect, test } from 'vitest'
import { CORPUS, untar } from '../../../../tests/templates-corpus.ts'
import { fingerprintDatabases } from './examination.ts'
import { identifyService } from './identify.ts'
import { lan, runOn } from './peer.fixture.ts'
import type { Peer } from './peer.fixture.ts'
import type { Service } from './model.ts'

const archive = join(CORPUS, 'recog/recog.tar.gz')
const missing = !existsSync(archive)
const read = missing ? null : readFingerprints(untar(gunzipSync(readFileSync(archive))))
const identifier = createIdentifier(read?.databases ?? [], read === null ? {} : { cpeNames: read.cpeNames })
const why = missing ? ` (skipped: no ${archive}; set HAECHI_CORPUS)` : ''
const at = (port: number, peer: Peer): Promise<Service> => identifyService({ host: 'a.example', address: '192.0.2.1', port, transport: 'tcp' }, { run: runOn(lan({ [port]: peer })), identifier })

test.skipIf(missing)(`each database that is asked is there${why}`, () => {
  const known = new Set(identifier.databases.flatMap(({ name, stem }) => [name, stem]))
  expect(fingerprintDatabases.filter(name => !known.has(name))).toEqual([])
})

test.skipIf(missing)(`it knows products that we do not, and systems beneath${why}`, async () => {
  expect(await at(21, { first: '220 FRITZ!Box7490 FTP server ready.\r\n' })).toMatchObject({ name: 'ftp', product: null, attributes: { hardware: expect.stringContaining('FRITZ!Box') as string } })
  expect(await at(22, { first: 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2\r\n' })).toMatchObject({ product: 'OpenSSH', version: '9.2', os: expect.stringContaining('Linux') as string })
  expect(await at(22, { first: 'SSH-2.0-ROSSSH\r\n' })).toMatchObject({ name: 'ssh', product: null, os: 'RouterOS' })
  expect(await at(22, { first: 'SSH-2.0-RomSShell_4.62\r\n' })).toMatchObject({ product: 'RomSShell', vendor: 'Allegro Software', version: '4.62' })
})
