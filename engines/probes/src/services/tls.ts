// TLS as a layer: it is recognised here, and what is spoken inside of it is found out anew there.
import { clientHello, offeredSuites, randomBytes } from '../tls/hello.ts'
import type { Protocol } from './model.ts'
import { beginning } from './shape.ts'

const isServerHello = beginning('16 03 00-04 .. .. 02')
const isAlert = beginning('15 03 00-04 00 02 01-02')

/** A name of the protocol that no service has. */
export const layer = 'tls'

export const tls: Protocol = {
  name: layer,
  // TLS 1.2: who speaks only 1.3 says so in an alert.
  greeting: ({ host, random }) => clientHello({ version: 'tls12', suites: offeredSuites, serverName: host }, { random: randomBytes(random, 32), session: randomBytes(random, 32) }).toString('latin1'),
  recognise: heard => (isServerHello(heard) ? 1 : isAlert(heard) ? 0.97 : 0),
  examine: () => Promise.resolve(),
}
