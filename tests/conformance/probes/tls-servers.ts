// TLS servers of other people's making, each set up in a way of its own: OpenSSL, GnuTLS, nginx, stunnel, and what begins in clear text (Dovecot, Postfix, vsftpd, slapd). What they take is what their configuration says; probes
// are held against it, and against sslscan.
import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { getDiffieHellman, randomInt } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { StartTls } from '../../../engines/probes/src/index.ts'
import { certificate } from '../templates/certificates.ts'

const run = promisify(execFile)

export type TlsServer = { readonly name: string; readonly port: number; readonly startTls: StartTls | null; /** Why sslscan does not see all of it. */ readonly unseen: string | null }
type Wanted = { readonly name: string; /** Also where time is short. */ readonly quick?: true; readonly unseen?: string }

/** Weak enough for all that OpenSSL has. */
const anything = 'ALL:COMPLEMENTOFALL:@SECLEVEL=0'

/** Arguments of `openssl s_server`. 'rsa' and so on are certificates; 'dh1024' parameters. */
const openssl: readonly (Wanted & { readonly args: string })[] = [
  { name: 'openssl, as it is', args: '-cert rsa', quick: true },
  { name: 'openssl, all versions', args: '-cert rsa -cipher DEFAULT:@SECLEVEL=0' },
  { name: 'openssl, all suites', args: `-cert rsa -cipher ${anything} -dhparam dh2048` },
  { name: 'openssl, all suites in its own order', args: `-cert rsa -cipher ${anything} -serverpref` },
  { name: 'openssl, TLS 1.3 alone', args: '-cert rsa -tls1_3', quick: true },
  { name: 'openssl, TLS 1.3 alone with a curve', args: '-cert ec256 -tls1_3' },
  { name: 'openssl, TLS 1.3 with one suite', args: '-cert rsa -tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384' },
  { name: 'openssl, TLS 1.3 with CCM', args: '-cert rsa -ciphersuites TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256' },
  { name: 'openssl, TLS 1.3 in its own order', args: '-cert rsa -tls1_3 -serverpref -ciphersuites TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384' },
  { name: 'openssl, TLS 1.2 alone', args: '-cert rsa -tls1_2' },
  { name: 'openssl, TLS 1.1 alone', args: `-cert rsa -tls1_1 -cipher ${anything}` },
  { name: 'openssl, TLS 1.0 alone', args: `-cert rsa -tls1 -cipher DEFAULT:@SECLEVEL=0`, quick: true },
  { name: 'openssl, TLS 1.0 and 1.2', args: `-cert rsa -no_tls1_1 -no_tls1_3 -cipher DEFAULT:@SECLEVEL=0` },
  { name: 'openssl, one suite', args: '-cert rsa -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256', quick: true },
  { name: 'openssl, no forward secrecy', args: '-cert rsa -no_tls1_3 -cipher kRSA', quick: true },
  { name: 'openssl, own order', args: '-cert rsa -no_tls1_3 -serverpref -cipher AES128-SHA:ECDHE-RSA-AES256-GCM-SHA384:AES256-GCM-SHA384:ECDHE-RSA-AES128-SHA', quick: true },
  { name: 'openssl, ChaCha20 for who wants it', args: '-cert rsa -serverpref -prioritize_chacha -cipher ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305:AES128-SHA' },
  { name: 'openssl, without encryption', args: '-cert rsa -no_tls1_3 -cipher NULL:eNULL:@SECLEVEL=0' },
  { name: 'openssl, without authentication', args: `-nocert -no_tls1_3 -cipher aNULL:@SECLEVEL=0`, quick: true },
  { name: 'openssl, ECDSA', args: '-cert ec256' },
  { name: 'openssl, ECDSA with P-384', args: '-cert ec384 -no_tls1_3' },
  { name: 'openssl, ECDSA with P-521', args: '-cert ec521' },
  { name: 'openssl, ECDSA with a short curve', args: '-cert ec224 -cipher DEFAULT:@SECLEVEL=0', unseen: 'its OpenSSL does not offer the curve' },
  { name: 'openssl, RSA and ECDSA', args: '-cert rsa -dcert ec256', quick: true },
  { name: 'openssl, Ed25519', args: '-cert ed25519' },
  { name: 'openssl, Ed448', args: '-cert ed448' },
  { name: 'openssl, RSA-PSS', args: '-cert pss' },
  { name: 'openssl, RSA of 1024 bits', args: '-cert rsa1024 -cipher DEFAULT:@SECLEVEL=0', quick: true },
  { name: 'openssl, RSA of 4096 bits', args: '-cert rsa4096' },
  { name: 'openssl, SHA-1', args: '-cert sha1 -cipher DEFAULT:@SECLEVEL=0' },
  { name: 'openssl, MD5', args: '-cert md5 -cipher DEFAULT:@SECLEVEL=0' },
  { name: 'openssl, expired', args: '-cert expired' },
  { name: 'openssl, not valid yet', args: '-cert early' },
  { name: 'openssl, a chain', args: '-cert leaf -cert_chain chain.pem' },
  { name: 'openssl, DH of 1024 bits', args: '-cert rsa -no_tls1_3 -cipher DHE:@SECLEVEL=0 -dhparam dh1024', quick: true },
  { name: 'openssl, DH of 2048 bits', args: '-cert rsa -no_tls1_3 -cipher DHE -dhparam dh2048' },
  { name: 'openssl, x25519 alone', args: '-cert rsa -groups X25519' },
  { name: 'openssl, long curves', args: '-cert rsa -groups P-521:P-384 -serverpref' },
  { name: 'openssl, finite fields', args: '-cert rsa -groups ffdhe2048:ffdhe3072' },
  { name: 'openssl, short curves', args: '-cert rsa -no_tls1_3 -cipher ECDHE:@SECLEVEL=0 -groups secp192r1:secp224r1:sect163k1:secp160r1', unseen: 'its OpenSSL offers none of them' },
  { name: 'openssl, Brainpool', args: '-cert rsa -groups brainpoolP256r1:brainpoolP384r1:brainpoolP512r1', unseen: 'its OpenSSL does not offer the curves' },
  { name: 'openssl, no tickets', args: '-cert rsa -no_ticket' },
  { name: 'openssl, asks for a certificate', args: '-cert rsa -Verify 2', unseen: 'it has no certificate, and counts finished handshakes only' },
  { name: 'openssl, h2', args: '-cert rsa -alpn h2' },
  { name: 'openssl, no encrypt-then-MAC', args: '-cert rsa -cipher AES128-SHA:AES256-SHA256 -no_etm' },
  { name: 'openssl, ARIA and Camellia', args: '-cert rsa -cipher ARIA:CAMELLIA' },
  { name: 'openssl, CCM', args: '-cert rsa -tls1_2 -cipher AESCCM -dhparam dh2048' },
  { name: 'openssl, PSK', args: '-nocert -no_tls1_3 -psk 0102030405060708 -cipher PSK', unseen: 'it has no key to share' },
]

/** Priorities of GnuTLS, and other arguments. */
const gnutls: readonly (Wanted & { readonly priority: string; readonly cert?: string; readonly args?: string })[] = [
  { name: 'gnutls, as it is', priority: 'NORMAL', quick: true },
  { name: 'gnutls, legacy', priority: 'LEGACY:+VERS-TLS1.0:+VERS-TLS1.1' },
  { name: 'gnutls, RC4 and 3DES', priority: 'NORMAL:+VERS-TLS1.0:+VERS-TLS1.1:+ARCFOUR-128:+3DES-CBC:+MD5', quick: true },
  { name: 'gnutls, RC4 alone', priority: 'NONE:+VERS-TLS1.2:+VERS-TLS1.0:+RSA:+ARCFOUR-128:+SHA1:+MD5:+COMP-NULL:+SIGN-ALL' },
  { name: 'gnutls, without encryption', priority: 'NORMAL:+NULL:-VERS-TLS1.3' },
  { name: 'gnutls, anonymous', priority: 'NONE:+VERS-TLS1.2:+ANON-DH:+ANON-ECDH:+CIPHER-ALL:+MAC-ALL:+GROUP-ALL:+SIGN-ALL:+COMP-NULL' },
  { name: 'gnutls, strong alone', priority: 'SECURE256' },
  { name: 'gnutls, Suite B', priority: 'SUITEB192', cert: 'ec384' },
  { name: 'gnutls, ECDSA', priority: 'NORMAL', cert: 'ec256', quick: true },
  { name: 'gnutls, own order', priority: 'NORMAL:-VERS-TLS1.3:%SERVER_PRECEDENCE' },
  { name: 'gnutls, TLS 1.3 alone', priority: 'NORMAL:-VERS-ALL:+VERS-TLS1.3' },
  { name: 'gnutls, TLS 1.0 alone', priority: 'NORMAL:-VERS-ALL:+VERS-TLS1.0', quick: true },
  { name: 'gnutls, TLS 1.1 alone', priority: 'NORMAL:-VERS-ALL:+VERS-TLS1.1' },
  { name: 'gnutls, heartbeats', priority: 'NORMAL', args: '--heartbeat' },
  { name: 'gnutls, no tickets', priority: 'NORMAL', args: '--noticket --nodb' },
  { name: 'gnutls, no safe renegotiation', priority: 'NORMAL:-VERS-TLS1.3:%DISABLE_SAFE_RENEGOTIATION', unseen: 'its OpenSSL ends the handshake with such a server' },
  { name: 'gnutls, Camellia', priority: 'NORMAL:-CIPHER-ALL:+CAMELLIA-256-GCM:+CAMELLIA-128-GCM:+CAMELLIA-128-CBC:+CAMELLIA-256-CBC:-VERS-TLS1.3' },
  { name: 'gnutls, CCM', priority: 'NORMAL:-CIPHER-ALL:+AES-128-CCM:+AES-256-CCM:+AES-128-CCM-8:+AES-256-CCM-8' },
  { name: 'gnutls, one group', priority: 'NORMAL:-GROUP-ALL:+GROUP-SECP384R1', unseen: 'it stops at the first handshake that asks for another key share' },
  { name: 'gnutls, finite fields', priority: 'NORMAL:-GROUP-ALL:+GROUP-FFDHE2048:+GROUP-FFDHE3072' },
  { name: 'gnutls, Ed25519', priority: 'NORMAL', cert: 'ed25519' },
]

const modern = 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384'

/** Lines of an nginx server. */
const nginx: readonly (Wanted & { readonly lines: string })[] = [
  { name: 'nginx, as it is', lines: 'cert rsa', quick: true },
  { name: 'nginx, TLS 1.2 and 1.3 with strong suites', lines: `cert rsa; ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ${modern}`, quick: true },
  { name: 'nginx, strong suites in its own order, two keys', lines: `cert rsa; cert ec256; ssl_protocols TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers on; ssl_ciphers ${modern}; ssl_dhparam dh2048` },
  { name: 'nginx, TLS 1.3 alone', lines: 'cert ec256; ssl_protocols TLSv1.3', quick: true },
  { name: 'nginx, old', lines: 'cert rsa; ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers DEFAULT:@SECLEVEL=0; ssl_prefer_server_ciphers on', quick: true },
  { name: 'nginx, TLS 1.0 alone', lines: 'cert rsa; ssl_protocols TLSv1; ssl_ciphers ALL:@SECLEVEL=0', quick: true },
  { name: 'nginx, all suites', lines: 'cert rsa; ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ALL:eNULL:@SECLEVEL=0; ssl_dhparam dh1024; ssl_prefer_server_ciphers on', quick: true },
  { name: 'nginx, a chain', lines: 'cert fullchain' },
  { name: 'nginx, one curve', lines: 'cert rsa; ssl_ecdh_curve secp384r1' },
  { name: 'nginx, asks for a certificate', lines: 'cert rsa; ssl_verify_client optional_no_ca', quick: true },
  { name: 'nginx, no tickets, h2', lines: 'cert rsa; ssl_session_tickets off; http2', quick: true },
]

/** Options of a stunnel service. */
const stunnel: readonly (Wanted & { readonly lines: string })[] = [
  { name: 'stunnel, as it is', lines: 'cert = rsa', quick: true },
  { name: 'stunnel, TLS 1.2 alone', lines: 'cert = rsa\nsslVersion = TLSv1.2', quick: true },
  { name: 'stunnel, old', lines: 'cert = rsa\nsslVersionMin = TLSv1\nsecurityLevel = 0\nciphers = ALL:@SECLEVEL=0' },
  { name: 'stunnel, TLS 1.3 alone', lines: 'cert = rsa\nsslVersionMin = TLSv1.3', quick: true },
  { name: 'stunnel, own order', lines: 'cert = rsa\noptions = CIPHER_SERVER_PREFERENCE\nciphers = AES256-SHA:ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA\nsslVersionMax = TLSv1.2', quick: true },
  { name: 'stunnel, one curve', lines: 'cert = rsa\ncurves = P-521' },
]

/** Servers that begin in clear text; each needs a moment to come up. */
async function mailAndOthers(folder: string, start: (program: string, args: readonly string[]) => void): Promise<TlsServer[]> {
  const at = (name: string): string => join(folder, name)
  const servers: TlsServer[] = []
  const server = async (name: string, startTls: StartTls, unseen: string | null = null): Promise<number> => {
    const port = await freePort()
    servers.push({ name, port, startTls, unseen })
    return port
  }
  for (const name of ['empty', 'dovecot', 'postfix', 'spool', 'data']) mkdirSync(at(name))
  // Who serves has less rights than who starts.
  chmodSync(folder, 0o711)
  const listener = (name: string, port: number): string => `service ${name}-login {\n  chroot =\n  inet_listener ${name} {\n    port = ${port}\n  }\n  inet_listener ${name}s {\n    port = 0\n  }\n}\n`
  writeFileSync(at('dovecot.conf'), `protocols = imap pop3\nlisten = 127.0.0.1\nbase_dir = ${at('dovecot')}\nlog_path = /dev/null\nssl = yes\nssl_cert = <${at('rsa.pem')}\nssl_key = <${at('rsa.key')}\n${listener('imap', await server('dovecot, imap', 'imap'))}${listener('pop3', await server('dovecot, pop3', 'pop3'))}passdb {\n  driver = static\n  args = nopassword=y\n}\nuserdb {\n  driver = static\n  args = uid=1000 gid=1000 home=/nonexistent\n}\n`)
  start('dovecot', ['-F', '-c', at('dovecot.conf')])
  writeFileSync(at('vsftpd.conf'), `listen=YES\nlisten_address=127.0.0.1\nlisten_port=${await server('vsftpd', 'ftp')}\nbackground=NO\nssl_enable=YES\nrsa_cert_file=${at('rsa.pem')}\nrsa_private_key_file=${at('rsa.key')}\nsecure_chroot_dir=${at('empty')}\nseccomp_sandbox=NO\nlocal_enable=YES\n`)
  start('vsftpd', [at('vsftpd.conf')])
  writeFileSync(at('slapd.conf'), `pidfile ${at('slapd.pid')}\nTLSCertificateFile ${at('rsa.pem')}\nTLSCertificateKeyFile ${at('rsa.key')}\n`)
  start('slapd', ['-d', '0', '-f', at('slapd.conf'), '-h', `ldap://127.0.0.1:${await server('slapd', 'ldap', 'it does not understand how slapd says yes to StartTLS')}/`])
  writeFileSync(at('postfix/main.cf'), `compatibility_level = 3.6\nqueue_directory = ${at('spool')}\ndata_directory = ${at('data')}\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmynetworks_style = host\nmyhostname = mail.example\nalias_maps =\nmaillog_file = /dev/stdout\nsmtpd_tls_cert_file = ${at('rsa.pem')}\nsmtpd_tls_key_file = ${at('rsa.key')}\nsmtpd_tls_security_level = may\n`)
  writeFileSync(at('postfix/master.cf'), `127.0.0.1:${await server('postfix', 'smtp')} inet n - n - - smtpd\npostlog unix-dgram n - n - 1 postlogd\ntlsmgr unix - - n 1000? 1 tlsmgr\nrewrite unix - - n - - trivial-rewrite\nanvil unix - - n - 1 anvil\ncleanup unix n - n - 0 cleanup\nproxymap unix - - n - - proxymap\n`)
  await run('chown', ['postfix', at('data')])
  await run('postfix', ['-c', at('postfix'), 'check'])
  start('/usr/lib/postfix/sbin/master', ['-c', at('postfix'), '-d'])
  return servers
}

export type TlsServers = AsyncDisposable & { readonly servers: readonly TlsServer[]; readonly folder: string }

/** All of them, or those that are marked. Errors: a server that does not come up. */
export async function tlsServers(full: boolean): Promise<TlsServers> {
  const folder = mkdtempSync(join(tmpdir(), 'haechi-tls-'))
  const children: ChildProcess[] = []
  const wanted = <T extends Wanted>(list: readonly T[]): readonly T[] => list.filter(({ quick }) => full || quick === true)
  const start = (program: string, args: readonly string[]): void => {
    // What a server that asks waits for never comes.
    children.push(spawn(program, args, { cwd: folder, stdio: ['pipe', 'ignore', 'ignore'] }))
  }
  try {
    await certificates(folder, name => full || ['rsa', 'rsa1024', 'ec256', 'ed25519'].includes(name))
    const servers: TlsServer[] = []
    for (const { name, args, unseen = null } of wanted(openssl)) {
      const port = await freePort()
      start('openssl', ['s_server', '-accept', `127.0.0.1:${port}`, '-quiet', ...args.split(' ').flatMap((each, place, all) => {
        const before = all[place - 1]
        if (before === '-cert') return [`${each}.pem`, '-key', `${each}.key`]
        if (before === '-dcert') return [`${each}.pem`, '-dkey', `${each}.key`]
        return [before === '-dhparam' ? `${each}.pem` : each]
      })])
      servers.push({ name, port, startTls: null, unseen })
    }
    for (const { name, priority, cert = 'rsa', args, unseen = null } of wanted(gnutls)) {
      const port = await freePort()
      start('gnutls-serv', ['--port', String(port), '--quiet', '--echo', '--x509certfile', `${cert}.pem`, '--x509keyfile', `${cert}.key`, '--priority', priority, ...(args === undefined ? ['--disable-client-cert'] : args.split(' '))])
      servers.push({ name, port, startTls: null, unseen })
    }
    const hosts: string[] = []
    for (const { name, lines, unseen = null } of wanted(nginx)) {
      const port = await freePort()
      hosts.push(`server { listen 127.0.0.1:${port} ssl${lines.includes('http2') ? ' http2' : ''}; ${lines.replace('; http2', '').split('; ').map(line => line.replace(/^cert (\w+)$/, `ssl_certificate ${folder}/$1.pem; ssl_certificate_key ${folder}/$1.key`).replace(/^ssl_dhparam (\w+)$/, `ssl_dhparam ${folder}/$1.pem`)).join('; ')}; return 204; }`)
      servers.push({ name, port, startTls: null, unseen })
    }
    writeFileSync(join(folder, 'nginx.conf'), `daemon off; user root; master_process off; pid ${folder}/nginx.pid; error_log /dev/null; events {}\nhttp { access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};\n${hosts.join('\n')}\n}\n`)
    start('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')])
    const services: string[] = []
    for (const [place, { name, lines, unseen = null }] of wanted(stunnel).entries()) {
      const port = await freePort()
      services.push(`[s${place}]\naccept = 127.0.0.1:${port}\nconnect = 127.0.0.1:9\n${lines.replace(/cert = (\w+)/, 'cert = $1.pem\nkey = $1.key')}`)
      servers.push({ name, port, startTls: null, unseen })
    }
    writeFileSync(join(folder, 'stunnel.conf'), `foreground = yes\npid =\ndebug = 0\nsyslog = no\n${services.join('\n')}\n`)
    start('stunnel4', [join(folder, 'stunnel.conf')])
    if (full) servers.push(...await mailAndOthers(folder, start))
    await Promise.all(servers.map(({ name, port }) => answering(name, port)))
    return { servers, folder, [Symbol.asyncDispose]: () => stopped(children, folder) }
  } catch (error) {
    await stopped(children, folder)
    throw error
  }
}

async function stopped(children: readonly ChildProcess[], folder: string): Promise<void> {
  await Promise.all(children.filter(child => child.exitCode === null && child.signalCode === null).map(child => new Promise<void>((resolve) => {
    const harder = setTimeout(() => child.kill('SIGKILL'), stoppingMs)
    child.once('exit', () => {
      clearTimeout(harder)
      resolve()
    })
    // Those with children of their own end them.
    child.kill('SIGTERM')
  })))
  rmSync(folder, { recursive: true, force: true })
}

/** Below those that this machine takes for connections of its own, one of which might be quicker. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000)
    const server = createServer()
    const free = await new Promise<boolean>((resolve) => { server.once('error', () => { resolve(false) }).listen(port, '127.0.0.1', () => { resolve(true) }) })
    if (!free) continue
    await new Promise((resolve) => { server.close(resolve) })
    return port
  }
}

const startupMs = 30_000
const stoppingMs = 3_000

/** Once somebody listens. */
async function answering(name: string, port: number): Promise<void> {
  const until = performance.now() + startupMs
  for (;;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => { socket.destroy(); resolve(true) }).once('error', () => { resolve(false) })
    })
    if (open) return
    if (performance.now() > until) throw new Error(`${name} does not listen on port ${port}`)
    await new Promise((resolve) => { setTimeout(resolve, 20) })
  }
}

async function certificates(folder: string, needed: (name: string) => boolean): Promise<void> {
  const at = (name: string): string => join(folder, name)
  const keys: Readonly<Record<string, readonly string[]>> = {
    rsa: ['rsa:2048'], rsa1024: ['rsa:1024'], rsa4096: ['rsa:4096'], sha1: ['rsa:2048', '-sha1'], md5: ['rsa:2048', '-md5'], pss: ['rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048'],
    ec224: ['ec', '-pkeyopt', 'ec_paramgen_curve:secp224r1'], ec256: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], ec384: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'], ec521: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-521'],
    ed25519: ['ed25519'], ed448: ['ed448'],
  }
  await Promise.all(Object.entries(keys).filter(([name]) => needed(name)).map(async ([name, [kind = '', ...more]]) => {
    await run('openssl', ['req', '-x509', '-nodes', '-newkey', kind, ...more, '-keyout', at(`${name}.key`), '-out', at(`${name}.pem`), '-days', '90', '-subj', `/CN=${name}.example`, '-addext', `subjectAltName=DNS:${name}.example,DNS:localhost`])
  }))
  const write = (name: string, { key, cert }: { readonly key: string; readonly cert: string }): void => {
    writeFileSync(at(`${name}.key`), key)
    writeFileSync(at(`${name}.pem`), cert)
  }
  writeFileSync(at('dh1024.pem'), dhParameters('modp2'))
  writeFileSync(at('dh2048.pem'), dhParameters('modp14'))
  if (!needed('leaf')) return
  const rsa = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048']
  const root = certificate('/O=Example/CN=Root', { authority: true })
  const intermediate = certificate('/O=Example/CN=Intermediate', { authority: true, issuer: root })
  const leaf = certificate('localhost', { names: ['localhost'], issuer: intermediate, key: rsa })
  write('expired', certificate('localhost', { names: ['localhost'], from: '20100101000000Z', until: '20110101000000Z', key: rsa }))
  write('early', certificate('localhost', { names: ['localhost'], from: '20400101000000Z', key: rsa }))
  write('leaf', leaf)
  write('fullchain', { key: leaf.key, cert: leaf.cert + intermediate.cert })
  writeFileSync(at('chain.pem'), intermediate.cert + root.cert)
}

/** A group of RFC 2409 or 3526 as PKCS #3 writes it. */
function dhParameters(group: string): string {
  const prime = getDiffieHellman(group).getPrime()
  const body = Buffer.concat([Buffer.of(0x02, 0x82), length(prime.length + 1), Buffer.of(0), prime, Buffer.of(0x02, 1, 2)])
  return `-----BEGIN DH PARAMETERS-----\n${Buffer.concat([Buffer.of(0x30, 0x82), length(body.length), body]).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END DH PARAMETERS-----\n`
}
const length = (bytes: number): Buffer => Buffer.of(bytes >> 8, bytes & 255)
