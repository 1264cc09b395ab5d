// Certificates of every kind that templates ask about, made by openssl for the test.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Issued = { readonly key: string; readonly cert: string }
export type Wanted = {
  /** '/C=US/O=Example/CN=example.com'; a name alone is its common name. */
  readonly names?: readonly string[]
  /** 'YYYYMMDDHHMMSSZ' */
  readonly from?: string
  readonly until?: string
  readonly serial?: string
  readonly issuer?: Issued
  readonly authority?: boolean
  readonly key?: readonly string[]
}

const subjectOf = (subject: string): string => (subject.startsWith('/') ? subject : `/CN=${subject}`)

export function certificate(subject: string, wanted: Wanted = {}): Issued {
  const folder = mkdtempSync(join(tmpdir(), 'haechi-certificate-'))
  const at = (name: string): string => join(folder, name)
  const openssl = (...args: string[]): void => { execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' }) }
  try {
    openssl('genpkey', ...(wanted.key ?? ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']), '-out', at('key.pem'))
    writeFileSync(at('config'), `
[req]
distinguished_name=dn
prompt=no
string_mask=utf8only
utf8=yes
[dn]
CN=unused
[ca]
default_ca=own
[own]
database=${at('index.txt')}
new_certs_dir=${folder}
serial=${at('serial')}
default_md=sha256
policy=any
unique_subject=no
copy_extensions=none
[any]
CN=optional
O=optional
OU=optional
C=optional
ST=optional
L=optional
emailAddress=optional
postalCode=optional
[extensions]
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
basicConstraints=critical,CA:${wanted.authority === true ? 'TRUE' : 'FALSE'}
${(wanted.names ?? []).length === 0 ? '' : `subjectAltName=${(wanted.names ?? []).map(name => (name.includes('@') ? `email:${name}` : `DNS:${name}`)).join(',')}`}
`)
    writeFileSync(at('index.txt'), '')
    writeFileSync(at('serial'), wanted.serial ?? '1001')
    if (wanted.issuer !== undefined) {
      writeFileSync(at('issuer.key'), wanted.issuer.key)
      writeFileSync(at('issuer.pem'), wanted.issuer.cert)
    }
    openssl('req', '-new', '-key', at('key.pem'), '-subj', subjectOf(subject), '-config', at('config'), '-out', at('request.pem'))
    openssl('ca', '-batch', '-notext', '-preserveDN', '-config', at('config'), '-extensions', 'extensions', '-in', at('request.pem'), '-out', at('certificate.pem'),
      '-startdate', wanted.from ?? '20200101000000Z', '-enddate', wanted.until ?? '20491231235959Z',
      ...(wanted.issuer === undefined ? ['-selfsign', '-keyfile', at('key.pem')] : ['-keyfile', at('issuer.key'), '-cert', at('issuer.pem')]))
    return { key: readFileSync(at('key.pem'), 'utf8'), cert: readFileSync(at('certificate.pem'), 'utf8') }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
