// Every public template of dns, tcp, ssl and file is run here, untouched: against servers that answer something, and a sample of each against what it looks for.
import { once } from 'node:events'
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { decode, encode } from 'dns-packet'
import type { Answer } from 'dns-packet'
import { afterAll, describe, expect, it } from 'vitest'
import { createFileScan } from '../../../engines/templates/src/file.ts'
import { readTemplate } from '../../../engines/templates/src/index.ts'
import type { Protocol, Template } from '../../../engines/templates/src/index.ts'
import { corpusFiles, isTemplateFile, missingTemplates } from '../../templates-corpus.ts'
import { certificate } from './certificates.ts'
import { listening, run } from './harness.ts'
import type { Running } from './harness.ts'

const closing: (() => PromiseLike<unknown>)[] = []
afterAll(async () => { for (const close of closing) await close() })

async function opened(server: Server): Promise<number> {
  const serving = await listening(server)
  closing.push(() => serving[Symbol.asyncDispose]())
  return serving.port
}

let corpus: readonly Template[] | null = null
/** Those that run, whose blocks are all of these protocols. */
function templatesOf(...protocols: readonly Protocol[]): Template[] {
  if (corpus === null) {
    const files = corpusFiles() ?? []
    const contents = new Map(files.map(file => [file.path, file.content]))
    corpus = files.filter(({ path, content }) => isTemplateFile(path) && /^(?:dns|tcp|network|ssl|file):/m.test(Buffer.from(content).toString('latin1'))).flatMap(({ path, content }) => {
      const read = readTemplate(path, content, { payloadFile: name => contents.get(name) ?? null })
      return 'template' in read && read.template.support.status === 'runnable' ? [read.template] : []
    })
  }
  return corpus.filter(template => template.blocks.length > 0 && template.blocks.every(block => protocols.includes(block.protocol)))
}
const byPath = (path: string): Template => {
  const template = templatesOf('dns', 'tcp', 'ssl', 'file').find(each => each.file === path)
  if (template === undefined) throw new Error(`no template at ${path}`)
  return template
}

/** Says what the banner is, then answers to each input in turn. */
const speaking = (banner: string | Buffer, ...answers: readonly (string | Buffer)[]): Server => createServer(socket => {
  let next = 0
  if (banner.length > 0) socket.write(banner)
  socket.on('data', () => {
    const answer = answers[next++]
    if (answer === undefined) socket.end()
    else socket.write(answer)
  })
})

const hex = (digits: string): Buffer => Buffer.from(digits, 'hex')

describe.skipIf(missingTemplates !== false)(`tcp${missingTemplates === false ? '' : ` (${missingTemplates})`}`, () => {
  it('every template runs: it sends what it has to send, or says why not', async () => {
    const templates = templatesOf('tcp')
    expect(templates.length).toBeGreaterThan(245)
    let conversations = 0
    const port = await opened(createServer(socket => {
      conversations++
      socket.on('data', () => { socket.end('220 hello \x00\xff HTTP/1.1 200 OK\r\n\r\n') })
      setTimeout(() => { socket.end() }, 60)
    }))
    const silent: string[] = []
    for (const template of templates) {
      const before = conversations
      const ran = await run(template, `127.0.0.1:${port}`, { settings: { timeoutMs: 1000 } })
      if (ran.sent.length === 0) silent.push(template.file)
      for (const fault of ran.faults) expect(['refused', 'out_of_scope', 'tls_failed', 'timeout', 'closed', 'not_resolved'], `${template.file}: ${fault.message}`).toContain(fault.fault)
      if (ran.faults.length === 0) expect(conversations, template.file).toBeGreaterThan(before)
    }
    expect(silent).toEqual([])
  }, 120_000)

  it.each<readonly [path: string, banner: string | Buffer, answers: readonly (string | Buffer)[], matcher: string | null, extracted: readonly string[]]>([
    ['network/detection/openssh-detect.yaml', 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n', [], null, ['SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3']],
    ['network/detection/mysql-detect.yaml', Buffer.concat([hex('4a0000000a'), Buffer.from('5.5.5-10.11.6-MariaDB\0MYSQL_native_password')]), [], null, []],
    ['network/detection/redis-detect.yaml', '', ['-NOAUTH Authentication required.\r\n'], null, []],
    ['network/detection/ftp-detect.yaml', '220 (vsFTPd 3.0.3)\r\n', [], null, []],
    ['network/detection/smtp-detect.yaml', '220 mail.example.com ESMTP Postfix (Debian/GNU)\r\n', [], null, []],
    ['network/detection/esmtp-detect.yaml', '220 mail.example.com ESMTP Postfix (Debian/GNU)\r\n', [], null, []],
    ['network/detection/exim-detect.yaml', '220 mail.example.com ESMTP Exim 4.96 Tue\r\n', [], 'version', ['4.96']],
    ['network/detection/rsyncd-service-detect.yaml', '@RSYNCD: 31.0\n', ['@ERROR: protocol startup error\n'], null, ['RSYNCD: 31.0']],
    ['network/detection/vnc-service-detect.yaml', 'RFB 003.008\n', [], null, ['RFB 003.008']],
    ['network/detection/java-rmi-detect.yaml', '', [Buffer.from('N\0\x0e192.168.100.10\0\0', 'latin1')], null, []],
    ['network/detection/mikrotik-routeros-api.yaml', '', [hex('0621666174616c0d6e6f74206c6f6767656420696e00')], null, []],
    ['network/detection/msmq-detect.yaml', '', [hex('105a0b004c494f523c020000ffffffff0000')], null, []],
    ['network/detection/mongodb-detect.yaml', '', [Buffer.from('\x16logicalSessionTimeoutMinutes\0localTime')], null, []],
    ['network/detection/proftpd-server-detect.yaml', '220 ProFTPD Server (ProFTPD 1.3.8b Server)\r\n', [], null, ['ProFTPD 1.3.8b Server']],
    ['network/detection/gopher-detect.yaml', '', ['iWelcome to GOPHER\t\terror.host\t1\r\n'], null, []],
    ['network/detection/imap-detect.yaml', '* OK [CAPABILITY IMAP4rev1 SASL-IR] Dovecot ready.\r\n', [], null, []],
    ['network/misconfig/tidb-unauth.yaml', Buffer.from('handshake'), [hex('0700000200000002000000')], null, []],
    ['network/misconfig/printers-info-leak.yaml', '', ['@PJL INFO ID\r\n"HP LaserJet 4250"\r\n'], null, ['HP LaserJet 4250']],
    ['network/misconfig/erlang-daemon.yaml', '', ['name rabbit at port 25672\n'], null, ['name rabbit at port 25672']],
    ['network/misconfig/clamav-unauth.yaml', '', ['/nonexistent/x: lstat() failed: No such file or directory. ERROR\n'], null, []],
    ['network/enumeration/modicon-info.yaml', '', ['Schneider Electric  ', 'note', 'info', 'x'], null, []],
    ['network/enumeration/beanstalk-service.yaml', '', ['OK 1024\r\n---\ncmd-release: 0\ncmd-peek: 0\n'], 'stats', []],
    ['network/enumeration/psql-user-enum.yaml', '', ['S client_encoding UTF8 S integer_datetimes on'], null, []],
    ['network/exposures/cisco-smi-exposure.yaml', '', [hex('000000040000000000000003000000080000000100000000')], null, []],
    ['network/exposures/exposed-redis.yaml', '', ['$100\r\n# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n'], null, []],
    ['network/exposures/exposed-zookeeper.yaml', '', ['Environment:\nzookeeper.version=3.8.0\n'], null, []],
  ])('%s finds what it looks for, and nothing in another answer', async (path, banner, answers, matcher, extracted) => {
    const template = byPath(path)
    const ran = await run(template, `127.0.0.1:${await opened(speaking(banner, ...answers))}`, { settings: { timeoutMs: 500 } })
    expect(ran.matches.length).toBeGreaterThan(0)
    expect(ran.matches[0]?.matcher).toBe(matcher)
    if (extracted.length > 0) expect(ran.matches[0]?.extracted).toEqual(extracted)
    const other = await run(template, `127.0.0.1:${await opened(speaking('220 nothing\r\n', 'HTTP/1.1 400 Bad Request\r\n\r\n'))}`, { settings: { timeoutMs: 300 } })
    expect(other.matches).toEqual([])
  })
})

describe.skipIf(missingTemplates !== false)(`ssl${missingTemplates === false ? '' : ` (${missingTemplates})`}`, () => {
  const server = (subject: string, wanted: Parameters<typeof certificate>[1] = {}, chain = ''): Promise<number> => {
    const { key, cert } = certificate(subject, wanted)
    return opened(createTlsServer({ key, cert: cert + chain, minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' }, socket => { socket.on('error', () => undefined) }).on('tlsClientError', () => undefined))
  }

  it('every template runs; of a good certificate behind old versions these have something to say', async () => {
    const templates = templatesOf('ssl')
    expect(templates.length).toBeGreaterThan(35)
    const issuer = certificate('/O=Some CA/CN=Some Issuing CA', { authority: true })
    const port = await server('/CN=scan.example', { names: ['scan.example'], issuer })
    const found = new Map<string, string[]>()
    for (const template of templates) {
      const ran = await run(template, `scan.example:${port}`)
      expect(ran.sent.length, template.file).toBeGreaterThan(0)
      if (ran.matches.length > 0) found.set(template.id, ran.matches.flatMap(match => match.extracted))
    }
    expect(Object.fromEntries(found)).toEqual({
      'deprecated-tls': ['tls11', 'tls10'], 'tls-version': ['tls10', 'tls11', 'tls12', 'tls13'], 'ssl-issuer': ['Some CA'], 'ssl-dns-names': ['scan.example'],
      'weak-cipher-suites': expect.arrayContaining([expect.stringContaining('tls10')]) as unknown,
    })
  }, 60_000)

  let other: Promise<number> | null = null
  it.each<readonly [string, string, Parameters<typeof certificate>[1]]>([
    ['ssl/expired-ssl.yaml', '/CN=scan.example', { until: '20210101000000Z' }],
    ['ssl/self-signed-ssl.yaml', '/CN=scan.example', {}],
    ['ssl/mismatched-ssl-certificate.yaml', '/CN=other.example', {}],
    ['ssl/wildcard-tls.yaml', '/CN=*.example', { names: ['*.example'] }],
    ['ssl/kubernetes-fake-certificate.yaml', '/O=Acme Co/CN=Kubernetes Ingress Controller Fake Certificate', {}],
    ['ssl/c2/asyncrat-c2.yaml', '/CN=AsyncRAT Server', {}],
    ['ssl/c2/cobalt-strike-c2.yaml', '/CN=Major Cobalt Strike', { serial: '08BB00EE' }],
    ['ssl/c2/covenant-c2-ssl.yaml', '/CN=Covenant', {}],
    ['ssl/c2/gozi-malware-c2.yaml', '/CN=*/OU=1/O=1/L=1/ST=1/C=XX', {}],
    ['ssl/c2/havoc-c2.yaml', '/C=US/postalCode=3540/O=x/CN=y', {}],
    ['ssl/c2/icedid.yaml', '/O=Internet Widgits Pty Ltd/ST=Some-State/C=AU/CN=localhost', {}],
    ['ssl/c2/shadowpad-c2.yaml', '/CN=myServer/OU=mygroup/O=myorganization/L=mycity/ST=myprovince/C=CN', {}],
    ['ssl/fortinet/fortigate-certificate.yaml', '/C=US/O=Fortinet/OU=FortiGate/CN=FGT60E', {}],
    ['ssl/fortinet/fortiauthenticator-certificate.yaml', '/O=Fortinet/L=Sunnyvale/ST=California/C=US/emailAddress=support@fortinet.com/OU=FortiAuthenticator/CN=FAC', {}],
  ])('%s: %s', async (path, subject, wanted) => {
    const ran = await run(byPath(path), `scan.example:${await server(subject, wanted)}`)
    expect(ran.matches.length).toBeGreaterThan(0)
    other ??= server('/CN=scan.example', { issuer: certificate('/O=Some CA/CN=Some Issuing CA', { authority: true }) })
    expect((await run(byPath(path), `scan.example:${await other}`)).matches).toEqual([])
  })
})

describe.skipIf(missingTemplates !== false)(`dns${missingTemplates === false ? '' : ` (${missingTemplates})`}`, () => {
  const domain = 'scan.example'
  const zone: Readonly<Record<string, readonly Answer[]>> = {
    'A': [{ type: 'A', name: domain, ttl: 60, data: '69.164.223.206' }], 'AAAA': [{ type: 'AAAA', name: domain, ttl: 60, data: '2001:db8::7' }],
    'TXT': ['v=spf1 include:_spf.a.example include:b.example ptr -all', 'v=BIMI1; l=https://scan.example/logo.svg', 'v=DMARC1; p=none', `v=DKIM1; p=${'A'.repeat(40)}`].map(data => ({ type: 'TXT' as const, name: domain, ttl: 60, data })),
    'NS': [{ type: 'NS', name: domain, ttl: 60, data: 'ns1.fbi.seized.gov' }], 'MX': [{ type: 'MX', name: domain, ttl: 60, data: { preference: 1, exchange: 'aspmx.l.google.com' } }],
    'CNAME': [{ type: 'CNAME', name: domain, ttl: 60, data: 'ec2-1-2-3-4.compute-1.amazonaws.com' }], 'CAA': [{ type: 'CAA', name: domain, ttl: 60, data: { tag: 'issue', value: 'letsencrypt.org' } }],
    'SOA': [{ type: 'SOA', name: domain, ttl: 60, data: { mname: 'ns-1.awsdns-1.org', rname: 'x.example' } }], 'DS': [{ type: 'DS', name: domain, ttl: 60, data: { keyTag: 1, algorithm: 8, digestType: 2, digest: Buffer.from('ab') } }],
    'TLSA': [{ type: 'TLSA', name: domain, ttl: 60, data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.from('ab') } }], 'PTR': [{ type: 'PTR', name: domain, ttl: 60, data: domain }],
    'SRV': [{ type: 'SRV', name: domain, ttl: 60, data: { port: 5060, target: domain } }],
  }
  let running: Running | null = null
  async function withServer(): Promise<Running> {
    if (running !== null) return running
    const udp = createSocket('udp4')
    udp.on('message', (message, from) => {
      const query = decode(message)
      const [question] = query.questions ?? []
      if (question !== undefined) udp.send(encode({ type: 'response', id: query.id ?? 0, flags: 0x0180 | (question.name.includes('nowhere') ? 3 : 0), questions: [question], answers: question.name.includes('nowhere') ? [] : [...(zone[question.type] ?? [])] }), from.port, from.address)
    })
    udp.bind(0, '127.0.0.1')
    await once(udp, 'listening')
    closing.push(() => new Promise(done => { udp.close(() => { done(null) }) }))
    // Names in clouds are given from outside.
    return running = { permit: [], settings: { variables: { wordlist: 'nowhere' }, resolvers: [`127.0.0.1:${udp.address().port}`] } }
  }

  it('every template asks and judges; of a zone with something of everything these find it', async () => {
    const templates = templatesOf('dns')
    expect(templates.length).toBeGreaterThan(25)
    const with_ = await withServer()
    const found: Record<string, readonly string[]> = {}
    for (const template of templates) {
      const ran = await run(template, template.file.includes('ptr-fingerprint') ? '127.0.0.1' : domain, with_)
      expect(ran.sent.length, template.file).toBeGreaterThan(0)
      // A list as part of a name is no name.
      expect(ran.faults.map(fault => fault.fault), template.file).toEqual(template.id === 'azure-vm-cloud-enum' ? ['not_resolved'] : [])
      if (ran.matches.length > 0) found[template.id] = ran.matches.flatMap(match => [...(match.matcher === null ? [] : [match.matcher]), ...match.extracted])
      expect((await run(template, 'nowhere.example', with_)).matches.map(match => match.template), template.file).toEqual([])
    }
    expect(found).toMatchObject({
      'aaaa-fingerprint': ['2001:db8::7'], 'caa-fingerprint': ['letsencrypt.org'], 'ptr-fingerprint': [`${domain}.`], 'nameserver-fingerprint': ['ns1.fbi.seized.gov.'], 'fbi-seized-nameserver': ['ns1.fbi.seized.gov.'],
      'mx-fingerprint': ['1 aspmx.l.google.com.'], 'mx-service-detector': ['Google Apps'], 'soa-detect': ['amazon-web-services'], 'dnssec-detection': [], 'detect-worksites': [], 'spoofable-spf-records-ptr': [],
      'tlsa-record-detect': ['3 1 1 6162'], 'ec2-detection': ['ec2-1-2-3-4.compute-1.amazonaws.com'], 'dns-saas-service-detection': ['amazon-aws', 'ec2-1-2-3-4.compute-1.amazonaws.com'],
    })
  }, 60_000)
})

describe.skipIf(missingTemplates !== false)(`file${missingTemplates === false ? '' : ` (${missingTemplates})`}`, () => {
  const files: Readonly<Record<string, string>> = {
    'src/config.php': '<?php\n$key = "AKIAIOSFODNN7EXAMPLE";\n$x = eval($_GET["c"]);\n', 'keys/id_rsa': '-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n',
    'app/AndroidManifest.xml': '<?xml version="1.0"?>\n<manifest>\n<application android:debuggable="true" android:allowBackup="true">\n</application></manifest>\n',
    'etc/router.conf': 'configure terminal\nhostname r1\n', 'empty.txt': '', 'binary.bin': '\0\x01\x02\xff\xfe'.repeat(1000), 'notes.txt': 'slack https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX here\n',
  }
  it('every template looks at every file, and these find something', async () => {
    const templates = templatesOf('file')
    expect(templates).toHaveLength(446)
    const failed: string[] = []
    const scan = createFileScan(templates, { failed: (template, path, problem) => { failed.push(`${template.file} ${path} ${problem.reason}`) } })
    const found: Record<string, string[]> = {}
    for (const [path, content] of Object.entries(files)) {
      for (const match of await scan.judge({ path, size: content.length, read: () => Promise.resolve(content) })) (found[match.matchedAt] ??= []).push(match.template)
    }
    expect(failed).toEqual([])
    expect(found['keys/id_rsa']).toContain('private-key')
    expect(found['notes.txt']).toContain('slack-webhook')
    expect(found['src/config.php']).toContain('aws-access-key')
    expect(found['app/AndroidManifest.xml']).toEqual(expect.arrayContaining(['android-debug-enabled', 'adb-backup-enabled']))
    expect(found['empty.txt'] ?? []).toEqual([])
    expect(found['etc/router.conf']).toEqual(expect.arrayContaining(['configure-aaa-service']))
  })
})
