// Each protocol against answers as its servers give them, put together here after its standard.
import { describe, expect, test } from 'vitest'
import { bytesOf } from '../bytes.ts'
import type { Bytes } from '../bytes.ts'
import type { Finding } from '../model.ts'
import { isInBoth } from '../evidence.fixture.ts'
import { encode, integer, octets, sequence } from './ber.ts'
import { serviceChecks } from './checks.ts'
import { hex, uint, uintLe, utf16 } from './cursor.ts'
import { identified, identifiedDatagram } from './peer.fixture.ts'
import type { Peer } from './peer.fixture.ts'

type Told = Readonly<Record<string, unknown>> & { readonly findings?: readonly string[] }
const says = (...turns: readonly (Bytes | null)[]): Peer => ({ answer: (_, turn) => turns[turn] })
const speaks = (first: Bytes, ...turns: readonly (Bytes | null)[]): Peer => ({ first, answer: (_, turn) => turns[turn] })
const framed32 = (content: Bytes): Bytes => uint(content.length, 4) + content
const text32 = framed32
const text16 = (content: Bytes): Bytes => uint(content.length, 2) + content
const page = (body: Bytes, headers = '', status = '200 OK'): Bytes => `HTTP/1.1 ${status}\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`
/** A web server: by paths. */
const site = (pages: Readonly<Record<string, Bytes>>, other = page('404 page not found\n', '', '404 Not Found')): Peer => ({ answer: heard => pages[/^GET (\S+) /.exec(heard)?.[1] ?? ''] ?? other })

const kexInit = (kex: string, ciphers: string, macs: string, hostKeys = 'ssh-ed25519'): Bytes => {
  const message = `\x14${'c'.repeat(16)}${[kex, hostKeys, ciphers, ciphers, macs, macs, 'none', 'none', '', ''].map(text32).join('')}\0\0\0\0\0`
  return `${uint(message.length + 1 + 4, 4)}\x04${message}\0\0\0\0`
}
const mysqlGreeting = (version: Bytes): Bytes => {
  const content = `\n${version}\0${uintLe(7, 4)}saltsalt\0${uintLe(0xfffe, 2)}\x08${uintLe(2, 2)}${uintLe(0x81ff, 2)}\x15${'\0'.repeat(10)}saltsaltsalt\0mysql_native_password\0`
  return `${uintLe(content.length, 3)}\0${content}`
}
const pgError = (fields: Bytes): Bytes => `E${uint(fields.length + 5, 4)}${fields}\0`
const pgMessage = (kind: string, content: Bytes): Bytes => `${kind}${uint(content.length + 4, 4)}${content}`
const ldapEntry = (id: number, name: Bytes, attributes: Readonly<Record<string, readonly Bytes[]>>): Bytes =>
  sequence(integer(id), encode(0x64, octets(name) + sequence(...Object.entries(attributes).map(([type, values]) => sequence(octets(type), encode(0x31, values.map(octets).join('')))))))
const ldapDone = (id: number, code = 0): Bytes => sequence(integer(id), encode(0x65, encode(10, uint(code, 1)) + octets('') + octets('')))
const bson = (elements: Bytes): Bytes => `${uintLe(elements.length + 5, 4)}${elements}\0`
const bsonText = (name: string, value: string): Bytes => `\x02${name}\0${uintLe(value.length + 1, 4)}${value}\0`
const bsonOne = (name: string): Bytes => `\x01${name}\0${hex('000000000000f03f')}`
const mongoReply = (document: Bytes): Bytes => `${uintLe(36 + document.length, 4)}${uintLe(9, 4)}${uintLe(1, 4)}${uintLe(1, 4)}${'\0'.repeat(8 + 8)}${uintLe(1, 4)}${document}`
const mongoMessage = (id: number, document: Bytes): Bytes => `${uintLe(21 + document.length, 4)}${uintLe(9, 4)}${uintLe(id, 4)}${uintLe(2013, 4)}${uintLe(0, 4)}\0${document}`
const tds = (content: Bytes): Bytes => `\x04\x01${uint(content.length + 8, 2)}\0\0\x01\0${content}`
const amqpTable = (fields: Readonly<Record<string, Bytes>>): Bytes => text32(Object.entries(fields).map(([name, value]) => `${uint(name.length, 1)}${name}S${text32(value)}`).join(''))
const amqpStart = (fields: Readonly<Record<string, Bytes>>, mechanisms: Bytes): Bytes => {
  const content = `\0\x0a\0\x0a\0\x09${amqpTable(fields)}${text32(mechanisms)}${text32('en_US')}`
  return `\x01\0\0${text32(content)}\xce`
}
const ntlmChallenge = (build: string, name: string): Bytes => {
  const info = `${uintLe(1, 2)}${uintLe(utf16(name).length, 2)}${utf16(name)}${uintLe(3, 2)}${uintLe(utf16(`${name}.corp`).length, 2)}${utf16(`${name}.corp`)}\0\0\0\0`
  return `NTLMSSP\0${uintLe(2, 4)}${'\0'.repeat(8)}${uintLe(0xe28a8215, 4)}challeng${'\0'.repeat(8)}${uintLe(info.length, 2)}${uintLe(info.length, 2)}${uintLe(56, 4)}${hex(build)}${info}`
}
const smbNegotiated = (mode: number, dialect: number, guid: string): Bytes => {
  const message = `\xfeSMB${uintLe(64, 2)}${'\0'.repeat(58)}${uintLe(65, 2)}${uintLe(mode, 2)}${uintLe(dialect, 2)}\0\0${guid.padEnd(16, '\0')}${'\0'.repeat(4 + 24 + 8 + 8)}`
  return `\0${uint(message.length, 3)}${message}`
}
const smbSession = (token: Bytes): Bytes => `\0${uint(64 + 8 + token.length, 3)}\xfeSMB${uintLe(64, 2)}\0\0\x16\0\0\xc0${'\0'.repeat(52)}${'\0'.repeat(8)}${token}`
const smbAnswer = (body: Bytes, status = 0): Bytes => `\0${uint(64 + body.length, 3)}\xfeSMB${uintLe(64, 2)}\0\0${uintLe(status, 4)}${'\0'.repeat(24)}${uintLe(7, 4)}${'\0'.repeat(24)}${body}`
const smbPiped = (data: Bytes): Bytes => smbAnswer(`${uintLe(49, 2)}\0\0${'\0'.repeat(4 + 16 + 8)}${uintLe(64 + 48, 4)}${uintLe(data.length, 4)}${'\0'.repeat(8)}${data}`)
const ndrText = (text: string): Bytes => `${uintLe(text.length + 1, 4)}${uintLe(0, 4)}${uintLe(text.length + 1, 4)}${utf16(`${text}\0`)}${text.length % 2 === 0 ? '\0\0' : ''}`
const serverInfo = (comment: string): Bytes => `\x05\0\x02\x03\x10\0\0\0${'\0'.repeat(16)}${[101, 0x20004, 500, 0x20008, 6, 1, 0x9a03, 0x2000c].map(each => uintLe(each, 4)).join('')}${ndrText('FILES')}${ndrText(comment)}${uintLe(0, 4)}`
const rpcReply = (results: Bytes): Bytes => {
  const message = `Haec${uint(1, 4)}${uint(0, 4)}${'\0'.repeat(8)}${uint(0, 4)}${results}`
  return uint(0x80000000 + message.length, 4) + message
}

const told: readonly (readonly [what: string, port: number, peer: Peer, told: Told])[] = [
  ['OpenSSH, current', 22, speaks('SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13.5\r\n', kexInit('curve25519-sha256,kex-strict-s-v00@openssh.com', 'chacha20-poly1305@openssh.com,aes256-ctr', 'hmac-sha2-256-etm@openssh.com,hmac-sha1')), { name: 'ssh', product: 'OpenSSH', version: '9.6', fullVersion: '9.6p1', findings: [] }],
  ['OpenSSH, old', 22, speaks('SSH-2.0-OpenSSH_6.6.1\r\n', kexInit('diffie-hellman-group1-sha1,curve25519-sha256@libssh.org', 'chacha20-poly1305@openssh.com,3des-cbc', 'hmac-md5', 'ssh-dss')), { name: 'ssh', version: '6.6.1', findings: ['service.ssh_weak_algorithms', 'service.ssh_terrapin'] }],
  ['SSH of version 1', 22, speaks('SSH-1.5-Cisco-1.25\n'), { name: 'ssh', product: 'Cisco SSH', findings: ['service.ssh_version_1'] }],
  ['Dropbear, with a notice before it', 22, speaks('authorised use only\r\nSSH-2.0-dropbear_2022.83\r\n'), { name: 'ssh', product: 'Dropbear', version: '2022.83', cpe: ['cpe:2.3:a:dropbear_ssh_project:dropbear_ssh:2022.83:*:*:*:*:*:*:*'] }],
  ['vsftpd that takes anybody', 21, speaks('220 (vsFTPd 3.0.5)\r\n', '211-Features:\r\n AUTH TLS\r\n211 End\r\n', '530 Please login.\r\n', '331 Password?\r\n', '230 Login successful.\r\n'), { name: 'ftp', product: 'vsftpd', version: '3.0.5', startTls: 'ftp', findings: ['service.ftp_anonymous'] }],
  ['ProFTPD without TLS', 21, speaks('220 ProFTPD 1.3.8 Server (Debian) [::ffff:192.0.2.1]\r\n', '211-Features:\r\n MLST\r\n211 End\r\n', '215 UNIX Type: L8\r\n', '331 Password required\r\n', '530 Login incorrect.\r\n'), { name: 'ftp', product: 'ProFTPD', version: '1.3.8', findings: ['service.cleartext_login'] }],
  ['Postfix', 25, speaks('220 mail.example.com ESMTP Postfix (Debian/GNU)\r\n', '250-mail.example.com\r\n250-STARTTLS\r\n250 8BITMIME\r\n'), { name: 'smtp', product: 'Postfix', version: null, hostname: 'mail.example.com', startTls: 'smtp', findings: [] }],
  ['Exim that takes passwords in the clear', 25, speaks('220 mx ESMTP Exim 4.96 Mon, 01 Jan 2024 00:00:00 +0000\r\n', '250-mx Hello\r\n250-AUTH PLAIN LOGIN\r\n250 HELP\r\n'), { product: 'Exim', version: '4.96', findings: ['service.cleartext_login'] }],
  ['Dovecot, POP3', 110, speaks('+OK Dovecot ready.\r\n', '+OK\r\nCAPA\r\nSTLS\r\nUIDL\r\n.\r\n'), { name: 'pop3', product: 'Dovecot', version: null, startTls: 'pop3', findings: [] }],
  ['Cyrus, IMAP with its ID', 143, speaks('* OK [CAPABILITY IMAP4rev1 ID] imap server ready\r\n', '* CAPABILITY IMAP4rev1 ID STARTTLS LOGINDISABLED\r\nh1 OK done\r\n', '* ID ("name" "Cyrus IMAP" "version" "3.6.1" "os" "Linux" "x" NIL)\r\nh2 OK done\r\n'), { name: 'imap', product: 'Cyrus IMAP', version: '3.6.1', os: 'Linux', startTls: 'imap', findings: [] }],
  ['Telnet', 23, speaks('\xff\xfd\x18\xff\xfd\x20', 'router login: '), { name: 'telnet', hostname: 'router', findings: ['service.telnet_exposed'] }],
  ['Redis with a password', 6379, says('-NOAUTH Authentication required.\r\n'), { name: 'redis', product: null, findings: [] }],
  ['Redis in protected mode', 6379, says('-DENIED Redis is running in protected mode because protected mode is enabled\r\n'), { name: 'redis', product: 'Redis', findings: [] }],
  ['Valkey without a password', 6379, says('+PONG\r\n', `$${'redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1\r\n'.length}\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1\r\n\r\n`), { product: 'Valkey', version: '8.0.1', findings: ['service.redis_without_password'] }],
  ['what sends PONG and no more', 6379, says('+PONG\r\n', '-ERR unknown command\r\n'), { name: 'redis', product: null, findings: [] }],
  ['Memcached', 11_211, says('VERSION 1.6.21\r\n', 'STAT pid 1\r\nSTAT version 1.6.21\r\nSTAT curr_items 3\r\nEND\r\n'), { name: 'memcache', product: 'Memcached', version: '1.6.21', findings: ['service.memcached_without_password'] }],
  ['Mosquitto', 1883, says('\x20\x02\0\0', `\x90\x03\0\x01\0\x31\x2d${text16('$SYS/broker/version')}mosquitto version 2.0.18`), { name: 'mqtt', product: 'Mosquitto', version: '2.0.18', findings: ['service.mqtt_anonymous'] }],
  ['a broker with passwords', 1883, says('\x20\x02\0\x05'), { name: 'mqtt', product: null, findings: [] }],
  ['MariaDB', 3306, speaks(mysqlGreeting('5.5.5-10.11.6-MariaDB-0+deb12u1'), `${uintLe(9, 3)}\x02\xff\x15\x04#28000`), { name: 'mysql', product: 'MariaDB', version: '10.11.6', startTls: 'mysql', findings: ['service.database_exposed'] }],
  ['MySQL whose root has no password', 3306, speaks(mysqlGreeting('8.0.36'), `${uintLe(7, 3)}\x02\0\0\0\x02\0\0\0`), { product: 'MySQL', version: '8.0.36', cpe: ['cpe:2.3:a:oracle:mysql:8.0.36:*:*:*:*:*:*:*'], findings: ['service.database_exposed', 'service.mysql_without_password'] }],
  ['MariaDB that does not want us', 3306, speaks(`${uintLe(70, 3)}\0\xffj\x04Host '192.0.2.9' is not allowed to connect to this MariaDB server${' '.repeat(4)}`), { name: 'mysql', product: 'MariaDB', version: null, findings: [] }],
  ['PostgreSQL that trusts', 5432, says(pgMessage('R', '\0\0\0\0') + pgMessage('S', 'server_version\x0016.2 (Debian 16.2-1.pgdg120+2)\0') + pgMessage('Z', 'I')), { name: 'postgresql', product: 'PostgreSQL', version: '16.2', findings: ['service.postgres_without_password', 'service.database_exposed'] }],
  ['PostgreSQL that asks', 5432, says(pgMessage('R', `${uint(10, 4)}SCRAM-SHA-256\0\0`)), { product: 'PostgreSQL', version: null, findings: ['service.database_exposed'] }],
  ['PostgreSQL that refuses, in German', 5432, says(pgError('SFATAL\0VFATAL\0C28000\0Mkein pg_hba.conf-Eintrag\0Fauth.c\0L543\0RClientAuthentication\0')), { name: 'postgresql', version: null, findings: ['service.database_exposed'] }],
  ['OpenLDAP', 389, { answer: (_, turn) => [ldapEntry(1, '', { objectClass: ['top', 'OpenLDAProotDSE'], namingContexts: ['dc=example,dc=com'], supportedExtension: ['1.3.6.1.4.1.1466.20037'] }) + ldapDone(1), ldapEntry(2, 'dc=example,dc=com', { objectClass: ['domain'] }) + ldapDone(2, 4)][turn] }, { name: 'ldap', product: 'OpenLDAP', version: null, startTls: 'ldap', findings: ['service.ldap_anonymous_read'] }],
  ['Active Directory', 389, { answer: (_, turn) => [ldapEntry(1, '', { rootDomainNamingContext: ['DC=corp'], domainFunctionality: ['7'], namingContexts: ['DC=corp'], dnsHostName: ['dc1.corp.example'], supportedCapabilities: ['1.2.840.113556.1.4.800'] }) + ldapDone(1), ldapDone(2, 1)][turn] }, { product: 'Active Directory', hostname: 'dc1.corp.example', findings: [] }],
  ['VNC without a password', 5900, speaks('RFB 003.008\n', '\x02\x01\x02', '\0\0\0\0', `\x04\0\x03\0${'\0'.repeat(16)}${text32('desk')}`), { name: 'rfb', attributes: { protocol: '003.008', security: 'none, password', screen: 'desk (1024x768)' }, findings: ['service.vnc_without_password', 'service.vnc_exposed'] }],
  ['VNC that says none and does not mean it', 5900, speaks('RFB 003.008\n', '\x01\x01', `\0\0\0\x01${text32('this screen is not for everybody')}`), { findings: ['service.vnc_exposed'] }],
  ['VNC with a password', 5900, speaks('RFB 003.889\n', '\x01\x1e'), { product: 'Apple Remote Desktop', findings: ['service.vnc_exposed'] }],
  ['rsync', 873, { first: '@RSYNCD: 31.0\n', answer: heard => (heard.includes('#list') ? 'welcome\nopen           \tall\nclosed         \tfew\n@RSYNCD: EXIT\n' : heard.includes('\nopen\n') ? '@RSYNCD: OK\n' : '@RSYNCD: AUTHREQD abc\n') }, { name: 'rsync', product: 'rsync', version: null, findings: ['service.rsync_without_password'] }],
  ['Samba', 445, { answer: (heard, turn) => (heard.includes('\xffSMB') ? null : [smbNegotiated(3, 0x311, 'files'), smbSession(ntlmChallenge('060100000000000f', 'FILES'))][turn]) }, { name: 'microsoft-ds', product: 'Samba', version: null, hostname: 'FILES.corp', findings: ['service.smb_exposed'] }],
  ['Samba that tells who has no name', 445, { answer: (heard, turn) => (heard.includes('\xffSMB') ? null : [smbNegotiated(3, 0x311, 'files'), smbSession(ntlmChallenge('060100000000000f', 'FILES')), smbAnswer('\x09\0'), smbAnswer('\x10\0'), smbAnswer('\0'.repeat(88)), smbPiped('\x05\0\x0c'), smbAnswer('\0'.repeat(9), 0x103) + smbPiped(serverInfo('Samba 4.17.12-Debian'))][turn]) }, { product: 'Samba', version: '4.17.12', hostname: 'FILES.corp', findings: ['service.smb_exposed'] }],
  ['Windows', 445, { answer: (heard, turn) => (heard.includes('\xffSMB') ? null : [smbNegotiated(1, 0x302, '\x81\x92'), smbSession(ntlmChallenge('0a007c4f0000000f', 'DC1'))][turn]) }, { product: 'Microsoft Windows SMB', os: 'Windows 10.0.20348', findings: ['service.smb_exposed', 'service.smb_signing_optional'] }],
  ['MongoDB without a login', 27_017, says(mongoReply(bson(`\x10maxWireVersion\0${uintLe(17, 4)}${bsonOne('ok')}`)), mongoMessage(2, bson(`${bsonText('version', '6.0.12')}${bsonOne('ok')}`)), mongoMessage(3, bson(`\x04databases\0${bson(`\x030\0${bson(bsonText('name', 'shop'))}`)}${bsonOne('ok')}`))), { name: 'mongodb', product: 'MongoDB', version: '6.0.12', findings: ['service.mongodb_without_password', 'service.database_exposed'] }],
  ['MongoDB with a login', 27_017, says(mongoReply(bson(`\x10maxWireVersion\0${uintLe(17, 4)}${bsonOne('ok')}`)), mongoMessage(2, bson(bsonText('version', '7.0.2'))), mongoMessage(3, bson(bsonText('errmsg', 'requires authentication')))), { version: '7.0.2', findings: ['service.database_exposed'] }],
  ['SQL Server', 1433, says(tds(hex('00 000b 0006 01 0011 0001 ff 0f000fa40000 00'))), { name: 'ms-sql-s', product: 'Microsoft SQL Server', version: '15.0.4004', findings: ['service.database_exposed'] }],
  ['Oracle', 1521, says(((text: Bytes) => `${uint(text.length + 12, 2)}\0\0\x04\0\0\0\x22\0${uint(text.length, 2)}${text}`)('(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=1189)(ERROR_STACK=(ERROR=(CODE=1189)(EMFI=4))))')), { name: 'oracle-tns', product: 'Oracle Database', version: '19.0.0.0.0', findings: ['service.database_exposed'] }],
  ['RDP with NLA', 3389, { answer: heard => (heard.endsWith('\x0b\0\0\0') ? hex('030000130ed000001234000209080002000000') : hex('030000130ed000001234000300080005000000')) }, { name: 'ms-wbt-server', startTls: 'rdp', findings: ['service.rdp_exposed'] }],
  ['RDP without NLA', 3389, { answer: heard => hex(heard.endsWith('\x01\0\0\0') || heard.endsWith('\x0b\0\0\0') ? '030000130ed000001234000209080001000000' : '030000130ed000001234000300080001000000') }, { findings: ['service.rdp_without_nla', 'service.rdp_exposed'] }],
  ['X11 that takes anybody', 6000, says(((rest: Bytes) => `\x01\0\x0b\0\0\0${uintLe(rest.length / 4, 2)}${rest}`)(`${uintLe(12_101_007, 4)}${'\0'.repeat(12)}${uintLe(20, 2)}${'\0'.repeat(14)}The X.Org Foundation`)), { name: 'x11', product: 'X.Org', version: '21.1.7', findings: ['service.x11_without_password'] }],
  ['X11 that does not', 6000, says('\0\x08\x0b\0\0\0\x02\0go away!'), { name: 'x11', findings: [] }],
  ['RabbitMQ', 5672, says(amqpStart({ product: 'RabbitMQ', version: '3.12.1', platform: 'Erlang/OTP 25', cluster_name: 'rabbit@mq1' }, 'PLAIN AMQPLAIN')), { name: 'amqp', product: 'RabbitMQ', version: '3.12.1', hostname: 'mq1', findings: [] }],
  ['Kafka', 9092, says(framed32(`Haec\0\0${uint(1, 4)}\0\x12\0\0\0\x03`), framed32(`${uint(2, 4)}${uint(1, 4)}${uint(1, 4)}${text16('k1')}${uint(9092, 4)}\xff\xff${uint(1, 4)}${uint(1, 4)}\0\0${text16('orders')}\0${uint(0, 4)}`)), { name: 'kafka', product: 'Apache Kafka', version: null, hostname: 'k1', findings: ['service.kafka_without_password'] }],
  ['NATS', 4222, speaks('INFO {"server_id":"A","version":"2.10.4","auth_required":true} \r\n'), { name: 'nats', product: 'NATS', version: '2.10.4', findings: [] }],
  ['ActiveMQ', 61_616, speaks(`\0\0\x01\x40\x01ActiveMQ\0\0\0\x0c\x01\0\0\x01\x2e\0\0\0\x0c\0\x0fProviderVersion\t\0\x065.18.3`), { name: 'openwire', product: 'ActiveMQ', version: '5.18.3' }],
  ['epmd', 4369, says(`\0\0\x11\x11name rabbit at port 25672\n`), { name: 'epmd', findings: ['service.epmd_exposed'] }],
  ['ZooKeeper', 2181, { answer: (heard, turn) => (heard === 'srvr' ? 'Zookeeper version: 3.8.4-9316c2a7a97e1666d8f4593f34dd6fc36ecc436c, built on 2024-02-12\nMode: standalone\n' : turn === 0 ? framed32('\0'.repeat(36)) : framed32(`${'\0'.repeat(12)}${uint(0, 4)}${uint(1, 4)}${text32('zookeeper')}`)) }, { name: 'zookeeper', product: 'Apache ZooKeeper', version: '3.8.4', findings: ['service.zookeeper_without_password'] }],
  ['Cassandra without a login', 9042, says(`\x84\0\0\0\x06${text32(`\0\x01${text16('CQL_VERSION')}\0\x01${text16('3.4.6')}`)}`, `\x84\0\0\0\x02\0\0\0\0`, `\x84\0\0\0\x08${text32(`${uint(2, 4)}${uint(1, 4)}${uint(1, 4)}${text16('system')}${text16('local')}${text16('release_version')}\0\x0d${uint(1, 4)}${text32('4.1.3')}`)}`), { name: 'cassandra', product: 'Apache Cassandra', version: '4.1.3', findings: ['service.database_exposed', 'service.cassandra_without_password'] }],
  ['Cassandra with a login', 9042, says(`\x84\0\0\0\x06${text32('\0\0')}`, `\x84\0\0\0\x03${text32(text16('org.apache.cassandra.auth.PasswordAuthenticator'))}`), { version: null, findings: ['service.database_exposed'] }],
  ['ClickHouse', 9000, says(`\0\x0aClickHouse\x18\x03\xb2\xa9\x03\x03UTC`), { name: 'clickhouse', product: 'ClickHouse', version: '24.3', findings: ['service.database_exposed', 'service.clickhouse_without_password'] }],
  ['a debugger of Java', 5005, { answer: heard => (heard === 'JDWP-Handshake' ? heard : `${uint(11 + 4 + 1 + 8 + 4 + 6 + 4 + 7, 4)}${uint(1, 4)}\x80\0\0${text32('d')}${uint(1, 4)}${uint(8, 4)}${text32('17.0.2')}${text32('OpenJDK')}`) }, { name: 'jdwp', product: 'OpenJDK', version: '17.0.2', findings: ['service.jdwp_exposed'] }],
  ['what only repeats', 5005, { answer: heard => heard }, { name: 'jdwp', findings: [] }],
  ['RMI', 1099, says(`N\0\x09192.0.2.9\0\0\x12\x34`), { name: 'rmiregistry', findings: ['service.rmi_exposed'] }],
  ['AJP', 8009, says(hex('4142000109')), { name: 'ajp13', findings: ['service.ajp_exposed'] }],
  ['SOCKS', 1080, says('\x05\0'), { name: 'socks', findings: ['service.socks_without_password'] }],
  ['RTSP', 554, says('RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: GStreamer RTSP server\r\nPublic: OPTIONS, DESCRIBE\r\n\r\n'), { name: 'rtsp', product: 'GStreamer RTSP server', version: null }],
  ['Asterisk', 5060, says('SIP/2.0 200 OK\r\nServer: Asterisk PBX 18.10.0\r\nAllow: INVITE\r\nContent-Length: 0\r\n\r\n'), { name: 'sip', product: 'Asterisk', version: '18.10.0' }],
  ['XMPP', 5222, says(`<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' from='chat.example' id='1'><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><mechanisms><mechanism>PLAIN</mechanism></mechanisms></stream:features>`), { name: 'xmpp-client', hostname: 'chat.example', startTls: 'xmpp', findings: ['service.cleartext_login'] }],
  ['IRC', 6667, speaks(':irc.example NOTICE * :*** Looking up your hostname\r\n', ':irc.example 001 h :Welcome\r\n:irc.example 002 h :Your host is irc.example, running version InspIRCd-3\r\n:irc.example 004 h irc.example InspIRCd-3 i\r\n'), { name: 'irc', hostname: 'irc.example', product: 'InspIRCd', version: '3' }],
  ['git', 9418, says('0048ERR access denied or repository not exported: /'), { name: 'git', product: 'Git', findings: [] }],
  ['Subversion', 3690, speaks('( success ( 2 2 ( ) ( edit-pipeline svndiff1 ) ) ) ', '( success ( ( ANONYMOUS CRAM-MD5 ) 4:repo ) ) ', '( success ( ) ) ( success ( 36:01234567-89ab-cdef-0123-456789abcdef 10:svn://a/re ( mergeinfo ) ) ) '), { name: 'svn', product: 'Subversion', findings: ['service.svn_anonymous'] }],
  ['OpenVPN over TCP', 1194, says(`\0\x1a\x40${'s'.repeat(8)}\x01\0\0\0\0${'c'.repeat(8)}\0\0\0\0`), { name: 'openvpn', product: 'OpenVPN' }],
  ['PPTP', 1723, says(hex('009c 0001 1a2b3c4d 0002 0000 0100 01 00 00000001 00000001 0001 0001') + 'gate'.padEnd(64, '\0') + 'linux'.padEnd(64, '\0')), { name: 'pptp', product: 'linux', hostname: 'gate', findings: ['service.pptp_exposed'] }],
  ['the map of RPC', 111, says(rpcReply([1, 100_000, 2, 6, 111, 1, 100_003, 3, 6, 2049, 0].map(each => uint(each, 4)).join(''))), { name: 'sunrpc', findings: ['service.rpcbind_exposed'] }],
  ['Minecraft', 25_565, says(`\x60\0\x5e{"version":{"name":"1.20.4","protocol":765},"players":{"max":20}}`), { name: 'minecraft', product: 'Minecraft', version: '1.20.4' }],
  ['news', 119, speaks('200 news.example InterNetNews NNRP server INN 2.6.4 ready (posting ok)\r\n'), { name: 'nntp', product: 'INN', version: '2.6.4' }],
  ['Squid', 3128, says(page('', 'Server: squid/5.7\r\nVia: 1.1 gate (squid/5.7)\r\nX-Squid-Error: ERR_INVALID_URL 0\r\n', '400 Bad Request')), { name: 'http-proxy', product: 'Squid', version: '5.7', hostname: 'gate' }],
  ['Apache of Debian', 80, says(page('', 'Server: Apache/2.4.57 (Debian)\r\n')), { name: 'http', product: 'Apache HTTP Server', version: '2.4.57', cpe: ['cpe:2.3:a:apache:http_server:2.4.57:*:*:*:*:*:*:*'] }],
  ['Elasticsearch without a login', 9200, site({ '/': page('{"name":"n","cluster_name":"logs","version":{"number":"7.17.1"},"tagline":"You Know, for Search"}'), '/_cat/indices?format=json&h=index,docs.count': page('[{"index":"users"}]') }), { name: 'elasticsearch', product: 'Elasticsearch', version: '7.17.1', findings: ['service.elasticsearch_without_password'] }],
  ['OpenSearch with a login', 9200, site({}, page('Unauthorized', 'X-Elastic-Product: Elasticsearch\r\n', '401 Unauthorized')), { name: 'elasticsearch', version: null, findings: [] }],
  ['CouchDB', 5984, site({ '/': page('{"couchdb":"Welcome","version":"3.3.3"}'), '/_all_dbs': page('{"error":"unauthorized"}', '', '401 Unauthorized') }), { name: 'couchdb', product: 'CouchDB', version: '3.3.3', findings: [] }],
  ['Docker', 2375, site({ '/version': page('{"Version":"24.0.7","ApiVersion":"1.43","Os":"linux","KernelVersion":"6.1.0"}'), '/containers/json?all=1&limit=5': page('[]') }, page('{"message":"page not found"}', 'Api-Version: 1.43\r\n', '404 Not Found')), { name: 'docker', product: 'Docker', version: '24.0.7', findings: ['service.docker_without_password'] }],
  ['Kubernetes that asks', 6443, { ...site({}, page('{"kind":"Status","status":"Failure","code":403}', '', '403 Forbidden')), tls: true }, { name: 'kubernetes', tls: true, product: 'Kubernetes', findings: [] }],
  ['a kubelet that does not', 10_250, { ...site({ '/pods': page('{"kind":"PodList","items":[{},{}]}') }), tls: true }, { name: 'kubelet', findings: ['service.kubelet_anonymous'] }],
  ['etcd', 2379, site({ '/version': page('{"etcdserver":"3.5.9","etcdcluster":"3.5.0"}') }), { name: 'etcd-client', product: 'etcd', version: '3.5.9', findings: [] }],
  ['Consul', 8500, site({ '/': page('', 'Location: /ui/\r\n', '301 Moved Permanently'), '/v1/agent/self': page('{"Config":{"Version":"1.16.1","NodeName":"c1"}}'), '/v1/catalog/services': page('{"consul":[],"web":[]}') }), { name: 'consul', product: 'Consul', version: '1.16.1', hostname: 'c1', findings: ['service.consul_without_password'] }],
  ['InfluxDB', 8086, site({ '/query?q=SHOW%20DATABASES': page('{"results":[{"series":[{"name":"databases"}]}]}', 'X-Influxdb-Version: 1.8.10\r\n') }, page('', 'X-Influxdb-Version: 1.8.10\r\n', '404 Not Found')), { name: 'influxdb', version: '1.8.10', findings: ['service.influxdb_without_password'] }],
  ['Prometheus', 9090, site({ '/': page('', 'Location: /graph\r\n', '302 Found'), '/api/v1/status/buildinfo': page('{"status":"success","data":{"version":"2.45.0"}}') }), { name: 'prometheus', version: '2.45.0', findings: ['service.prometheus_without_password'] }],
  ['Jenkins', 8080, says(page('', 'X-Jenkins: 2.426.1\r\nServer: Jetty(10.0.17)\r\n', '403 Forbidden')), { name: 'http', product: 'Jenkins', version: '2.426.1' }],
  ['a registry', 5000, site({ '/v2/': page('{}', 'Docker-Distribution-Api-Version: registry/2.0\r\n'), '/v2/_catalog?n=10': page('{"repositories":["shop"]}') }), { name: 'docker-registry', findings: ['service.registry_without_password'] }],
  ['WinRM', 5985, site({ '/wsman': page('', `WWW-Authenticate: Negotiate ${Buffer.from(ntlmChallenge('0a0063450000000f', 'WEB1'), 'latin1').toString('base64')}\r\n`, '401 Unauthorized') }, page('', 'Server: Microsoft-HTTPAPI/2.0\r\n', '404 Not Found')), { name: 'wsman', product: 'Windows Remote Management', hostname: 'WEB1.corp', findings: ['service.winrm_exposed'] }],
  ['SSH of both versions', 22, speaks('SSH-1.99-OpenSSH_3.9p1\r\n'), { name: 'ssh', findings: ['service.ssh_version_1'] }],
  ['POP3 that takes passwords in the clear', 110, speaks('+OK Dovecot ready.\r\n', '+OK\r\nUSER\r\nUIDL\r\n.\r\n'), { name: 'pop3', findings: ['service.cleartext_login'] }],
  ['Telnet without a word', 23, speaks('\xff\xfd\x18'), { name: 'telnet', findings: ['service.telnet_exposed'] }],
  ['Redis with keys', 6379, says('+PONG\r\n', ((info: Bytes) => `$${info.length}\r\n${info}\r\n`)('redis_version:7.0.15\r\n# Keyspace\r\ndb0:keys=3,expires=0,avg_ttl=0\r\n')), { product: 'Redis', findings: ['service.redis_without_password'] }],
  ['SMB of version 1, too', 445, { answer: (heard, turn) => (heard.includes('\xffSMB\x72') ? `\0${uint(40, 3)}\xffSMB\x72${'\0'.repeat(35)}` : heard.includes('\xffSMB') ? null : [smbNegotiated(3, 0x202, 'files'), smbSession(ntlmChallenge('060100000000000f', 'FILES'))][turn]) }, { product: 'Samba', findings: ['service.smb_exposed', 'service.smb_version_1'] }],
  ['RDP of the oldest kind', 3389, { answer: () => hex('030000130ed000001234000209080000000000') }, { findings: ['service.rdp_without_nla', 'service.rdp_exposed'] }],
  ['CouchDB without a login', 5984, site({ '/': page('{"couchdb":"Welcome","version":"3.3.3"}'), '/_all_dbs': page('[]') }), { name: 'couchdb', findings: ['service.couchdb_without_password'] }],
  ['Kubernetes that does not ask', 6443, { ...site({ '/api/v1/namespaces': page('{"kind":"NamespaceList","items":[]}') }, page('{"kind":"Status","status":"Failure","code":403}', '', '403 Forbidden')), tls: true }, { name: 'kubernetes', findings: ['service.kubernetes_anonymous'] }],
  ['etcd that tells its keys', 2379, site({ '/version': page('{"etcdserver":"3.3.1"}'), '/v2/keys/': page('{"action":"get","node":{"dir":true}}') }), { name: 'etcd-client', findings: ['service.etcd_without_password'] }],
  ['ClickHouse over HTTP', 8123, site({ '/': page('Ok.\n'), '/?query=SELECT%20version()': page('24.3.1.2672\n') }), { name: 'clickhouse', version: '24.3.1.2672', findings: ['service.clickhouse_without_password'] }],
  ['an exporter', 80, says(page('<title>Node Exporter</title>Version: (version=1.7.0, branch=HEAD)')), { name: 'prometheus-exporter', version: '1.7.0', findings: ['service.exporter_exposed'] }],
  ['NATS that takes anybody', 4222, speaks('INFO {"server_id":"A","version":"2.10.4"} \r\n', 'PONG\r\n'), { name: 'nats', findings: ['service.nats_without_password'] }],
  ['NFS', 2049, says(rpcReply('')), { name: 'nfs', findings: ['service.nfs_exposed'] }],
  ['NFS for everybody', 111, { answer: heard => rpcReply(heard.includes(uint(100_005, 4)) ? `${uint(1, 4)}${text32('/srv')}${uint(0, 4)}${uint(0, 4)}` : [1, 100_005, 3, 6, 111, 0].map(each => uint(each, 4)).join('')) }, { name: 'sunrpc', findings: ['service.rpcbind_exposed', 'service.nfs_open_export'] }],
  ['git for everybody', 9418, says(`004a${'0a'.repeat(20)} HEAD\0agent=git/2.43.0\n0000`), { name: 'git', version: '2.43.0', findings: ['service.git_readable'] }],
  ['a printer', 9100, says('@PJL INFO ID\r\n"HP LaserJet 4250"\r\n\f'), { name: 'pdl-datastream', findings: ['service.printer_exposed'] }],
  ['a printer that does not say which', 9100, says('@PJL INFO ID\r\n\f'), { name: 'pdl-datastream', findings: ['service.printer_exposed'] }],
  ['a page of no product', 80, says(page('<title>Hello</title>')), { name: 'http', product: null, version: null, cpe: [], findings: [] }],
]

/** Of these there is evidence without a word: names, versions, what the service shows. */
const alsoWordless = new Set(['service.database_exposed', 'service.smb_exposed', 'service.ssh_version_1', 'service.ssh_weak_algorithms', 'service.telnet_exposed', 'service.upnp_exposed'])
function isToldInBoth({ check, evidence }: Finding): void {
  expect(evidence.en).not.toBe('')
  expect([evidence, isInBoth(evidence)]).toEqual([evidence, true])
  if (!alsoWordless.has(check)) expect(evidence.ko).not.toBe(evidence.en)
}

describe('over TCP', () => {
  for (const [what, port, peer, { findings, ...expected }] of told) {
    test(what, async () => {
      const service = await identified(port, peer)
      expect(service).toMatchObject(expected)
      if (findings !== undefined) expect(service.findings.map(({ check }) => check)).toEqual(findings)
      for (const finding of service.findings) {
        expect(finding).toMatchObject({ asset: 'a.example', place: `tcp/${port}` })
        isToldInBoth(finding)
      }
      expect(service.left).toBe(0)
    })
  }
})

describe('over UDP', () => {
  test('SNMP with the community that everybody knows', async () => {
    const description = 'Linux box 6.1.0-18-amd64 #1 SMP'
    const binding = (oid: string, value: Bytes): Bytes => sequence(encode(6, hex(oid)), octets(value))
    const service = await identifiedDatagram(161, payload => (payload.includes('public')
      ? sequence(integer(1), octets('public'), encode(0xa2, integer(1) + integer(0) + integer(0) + sequence(binding('2b06010201010100', description), binding('2b06010201010500', 'box'))))
      : sequence(integer(3), sequence(integer(1), integer(1), octets('\0'), integer(3)), octets(sequence(octets(hex('80001f8880c2')), integer(1), integer(1), octets(''), octets(''), octets(''))), sequence(octets(''), octets(''), encode(0xa8, integer(1) + integer(0) + integer(0) + sequence())))))
    service.findings.forEach(isToldInBoth)
    expect(service).toMatchObject({ name: 'snmp', product: 'Net-SNMP', version: null, hostname: 'box', os: 'Linux 6.1.0-18-amd64', findings: [{ check: 'service.snmp_public', place: 'udp/161' }] })
  })

  test('NTP that tells its variables, and one that does not', async () => {
    const time = `\x24\x02\x06\xe9${'\0'.repeat(44)}`
    const service = await identifiedDatagram(123, payload => (payload.charCodeAt(0) === 0x16 ? `\x16\x82${'\0'.repeat(10)}version="ntpd 4.2.8p15@1.3728-o", system="Linux/6.1"` : time))
    service.findings.forEach(isToldInBoth)
    expect(service).toMatchObject({ name: 'ntp', product: 'ntpd', version: '4.2.8', fullVersion: '4.2.8p15', os: 'Linux/6.1', findings: [{ check: 'service.ntp_variables' }] })
    expect(await identifiedDatagram(123, payload => (payload.charCodeAt(0) === 0x16 ? null : time))).toMatchObject({ name: 'ntp', product: null, findings: [] })
  })

  test('UPnP', async () => {
    const service = await identifiedDatagram(1900, () => 'HTTP/1.1 200 OK\r\nSERVER: Linux/5.4 UPnP/1.1 MiniUPnPd/2.3.1\r\n\r\n')
    expect(service).toMatchObject({ name: 'ssdp', product: 'miniupnpd', version: '2.3.1', findings: [{ check: 'service.upnp_exposed', evidence: { en: 'SSDP: Linux/5.4 UPnP/1.1 MiniUPnPd/2.3.1' } }] })
    service.findings.forEach(isToldInBoth)
  })

  test('silence is no service', async () => {
    expect(await identifiedDatagram(161, () => null)).toMatchObject({ name: 'unknown', confidence: 0, faults: [{ fault: 'timeout' }] })
    expect(await identifiedDatagram(51_820, () => null)).toMatchObject({ name: 'unknown', confidence: 0 })
  })
})

describe('what was seen', () => {
  test('of every check there is evidence here, in both languages', () => {
    const overUdp = ['service.snmp_public', 'service.ntp_variables', 'service.upnp_exposed']
    expect(new Set([...told.flatMap(([, , , { findings }]) => findings ?? []), ...overUdp])).toEqual(new Set(Object.keys(serviceChecks)))
  })

  test('numbers and lists stand in sentences of each language', async () => {
    const evidenceOf = async (what: string): Promise<unknown> => {
      const [, port, peer] = told.find(([name]) => name === what)!
      return (await identified(port, peer)).findings.map(({ evidence }) => evidence)
    }
    expect(await evidenceOf('Redis with keys')).toEqual([{ en: 'INFO is answered: version 7.0.15, db0 3 keys', ko: 'INFO에 응답함: 버전 7.0.15, db0 키 3개' }])
    expect(await evidenceOf('CouchDB without a login')).toEqual([{ en: 'databases are listed: none', ko: '데이터베이스 목록이 조회됨: 없음' }])
    expect(await evidenceOf('the map of RPC')).toEqual([{ en: '2 programs: portmapper, nfs', ko: '프로그램 2개: portmapper, nfs' }])
  })

  test('names that are not ASCII are read, as UTF-8 and as escapes of JSON', async () => {
    const cluster = bytesOf('{"cluster_name":"Büro","version":{"number":"8.1.0"}}')
    const service = await identified(9200, site({ '/': page(cluster), '/_cat/indices?format=json&h=index,docs.count': page(`[{"index":"${bytesOf('급여')}"},{"index":"\\uc778\\uc0ac"}]`) }))
    expect(service).toMatchObject({ attributes: { cluster: 'Büro' }, findings: [{ evidence: { en: 'cluster Büro, indices: 급여, 인사', ko: '클러스터: Büro, 인덱스: 급여, 인사' } }] })
  })
})
