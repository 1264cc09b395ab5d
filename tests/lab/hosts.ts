// The hosts of the lab, from packages of Debian and npm: what each one serves, and how. What is wrong with them is in expectations.ts.
import { fileURLToPath } from 'node:url'
import { certificate } from '../conformance/templates/certificates.ts'
import type { Issued } from '../conformance/templates/certificates.ts'
import { packages } from './packages.ts'
import type { Host, HostFile } from './network.ts'

const v6 = (last: number): string => `2001:db8::${last}`
export const nameServerAddress = '203.0.113.53'

const file = (path: string, content: string, owner?: string, mode?: string): HostFile => ({ path, content, ...(owner === undefined ? {} : { owner }), ...(mode === undefined ? {} : { mode }) })
const tlsFiles = (name: string, { key, cert }: Issued, owner = 'root:ssl-cert'): HostFile[] => [file(`/etc/lab/${name}.key`, key, owner, '640'), file(`/etc/lab/${name}.pem`, cert)]

const nginx = (http: string): HostFile => file('/etc/nginx/nginx.conf', `user www-data;
worker_processes 1;
pid /run/nginx.pid;
error_log stderr;
events { worker_connections 4096; }
http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log off;
${http}
}
`)
const startNginx = 'mkdir -p /var/log/nginx; nginx'
// Several scanners look at once, and none is to be told so.
const startSsh = 'mkdir -p /run/sshd; /usr/sbin/sshd -o MaxStartups=100'
const startFtp = 'mkdir -p /run/vsftpd/empty; vsftpd &'
const startPostfix = 'postfix start > /dev/null 2>&1 &'
const startSamba = 'mkdir -p /var/log/samba /run/samba; smbd -D'
const startMariadb = 'install -d -o mysql /run/mysqld; mariadbd --user=mysql --bind-address=0.0.0.0 --skip-name-resolve --max-connect-errors=100000 > /dev/null 2>&1 &'
const startPostgres = `install -d -o postgres /run/postgresql; setpriv --reuid postgres --regid postgres --init-groups /usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql/15/main -c config_file=/etc/postgresql/15/main/postgresql.conf -c listen_addresses='*' > /dev/null 2>&1 &`
const startNamed = 'install -d -o bind /run/named; named -u bind'
const serverOptions = 'directory "/var/cache/bind"; listen-on { any; }; listen-on-v6 { any; }; dnssec-validation no; pid-file "/run/named/named.pid";'
const postfixMain = (name: string): string => `compatibility_level = 3.6
myhostname = ${name}
smtpd_banner = $myhostname ESMTP $mail_name (Debian/GNU)
smtpd_tls_cert_file = /etc/lab/mail.pem
smtpd_tls_key_file = /etc/lab/mail.key
smtpd_tls_security_level = may
smtpd_relay_restrictions = permit_mynetworks reject_unauth_destination
mynetworks = 127.0.0.0/8
inet_interfaces = all
`

/** Sixteen services as Debian ships them, each asking for a password: what a careful owner runs. */
function services(): Host {
  return {
    name: 'services', addresses: ['203.0.113.10', v6(10)],
    files: [
      ...tlsFiles('web', certificate('services.lab.example', { names: ['services.lab.example'] })),
      ...tlsFiles('mail', certificate('services.lab.example', { names: ['services.lab.example'] })),
      file('/etc/vsftpd.conf', 'listen=NO\nlisten_ipv6=YES\nanonymous_enable=NO\nlocal_enable=YES\nsecure_chroot_dir=/run/vsftpd/empty\nseccomp_sandbox=NO\n'),
      file('/etc/postfix/main.cf', postfixMain('services.lab.example')),
      file('/etc/bind/named.conf', `options { ${serverOptions} recursion no; allow-transfer { none; }; };\n`),
      nginx(`  server { listen 80 default_server; listen [::]:80 default_server; listen 443 ssl default_server; ssl_certificate /etc/lab/web.pem; ssl_certificate_key /etc/lab/web.key; ssl_protocols TLSv1.2 TLSv1.3; root /srv/www; }`),
      file('/srv/www/index.html', '<!doctype html><title>Services</title><p>Nothing to see.\n'),
      file('/etc/dovecot/local.conf', 'service pop3-login {\n  inet_listener pop3s {\n    port = 0\n  }\n}\nssl_cert = </etc/lab/mail.pem\nssl_key = </etc/lab/mail.key\n'),
      file('/etc/samba/smb.conf', '[global]\nworkgroup = LAB\nserver string = services\nmap to guest = never\nrestrict anonymous = 2\nserver signing = mandatory\n'),
      file('/etc/rsyncd.conf', 'uid = nobody\n[backup]\npath = /srv/www\nauth users = keeper\nsecrets file = /etc/rsyncd.secrets\nlist = no\n'),
      file('/etc/rsyncd.secrets', `keeper:${password}\n`, 'root', '600'),
      file('/etc/mosquitto/lab.conf', 'listener 1883\nallow_anonymous false\npassword_file /etc/mosquitto/passwords\n'),
      file('/etc/postgresql/15/main/pg_hba.conf', 'local all all peer\nhost all all 0.0.0.0/0 scram-sha-256\nhost all all ::/0 scram-sha-256\n', 'postgres'),
    ],
    start: `${startMariadb}
${startPostgres}
${startPostfix}
${startSsh}
${startFtp}
${startNamed}
${startNginx}
dovecot
${startSamba}
rsync --daemon
mosquitto_passwd -b -c /etc/mosquitto/passwords keeper ${password} && chown mosquitto /etc/mosquitto/passwords && mosquitto -d -c /etc/mosquitto/lab.conf
redis-server --requirepass ${password} --bind '*' -::* --daemonize yes --dir /tmp --save '' > /dev/null`,
    tcp: [21, 22, 25, 53, 80, 110, 139, 143, 443, 445, 873, 993, 1883, 3306, 5432, 6379], udp: [53],
  }
}
const password = 'lab-4c1b7f0e29'

/** What answers without a password, or to the one that everybody knows. */
function open(): Host {
  return {
    name: 'open', addresses: ['203.0.113.20', v6(20)],
    files: [
      file('/etc/vsftpd.conf', 'listen=NO\nlisten_ipv6=YES\nanonymous_enable=YES\nanon_root=/srv/ftp\nsecure_chroot_dir=/run/vsftpd/empty\nseccomp_sandbox=NO\n'),
      file('/srv/ftp/readme.txt', 'Hello\n'),
      file('/etc/samba/smb.conf', '[global]\nworkgroup = LAB\nmap to guest = bad user\nserver min protocol = NT1\n[public]\npath = /srv/ftp\nguest ok = yes\n'),
      file('/etc/rsyncd.conf', 'uid = nobody\n[backup]\npath = /srv/ftp\ncomment = everything\n'),
      file('/etc/mosquitto/lab.conf', 'listener 1883\nallow_anonymous true\n'),
      file('/etc/postgresql/15/main/pg_hba.conf', 'local all all trust\nhost all all 0.0.0.0/0 trust\nhost all all ::/0 trust\n', 'postgres'),
      file('/etc/lab/users.sql', "CREATE OR REPLACE USER 'root'@'%' IDENTIFIED BY '';\nGRANT ALL ON *.* TO 'root'@'%';\n", 'mysql'),
      file('/etc/snmp/snmpd.conf', 'agentaddress udp:161\nrocommunity public\nsysLocation Lab\nsysContact nobody@lab.example\n'),
    ],
    start: `${startMariadb.replace('--user', '--init-file=/etc/lab/users.sql --user')}
${startPostgres}
Xtigervnc :1 -SecurityTypes None -rfbport 5900 -localhost=0 -geometry 320x200 -depth 16 > /dev/null 2>&1 &
${startFtp}
${startSamba}
rsync --daemon
mosquitto -d -c /etc/mosquitto/lab.conf
redis-server --protected-mode no --bind '*' -::* --daemonize yes --dir /tmp --save '' > /dev/null
memcached -d -u nobody -l 0.0.0.0
snmpd -I -smux -Lf /dev/null -u Debian-snmp -g Debian-snmp
install -d -o openldap /run/slapd; slapd -h ldap:/// -u openldap -g openldap -F /etc/ldap/slapd.d`,
    tcp: [21, 139, 389, 445, 873, 1883, 3306, 5432, 5900, 6379, 11211], udp: [161],
  }
}

const startOf = (records: string): string => `$TTL 300\n@ IN SOA ns.lab.example. hostmaster.lab.example. 1 3600 600 86400 300\n${records}`
const atLab = (names: readonly string[], address: string): string => names.map((name) => `${name} IN A ${address}\n`).join('')

const zones: Readonly<Record<string, string>> = {
  // The root of the lab's names: whatever is not in another zone does not exist.
  '.': startOf(`@ IN NS ns.lab.example.
ns.lab.example. IN A ${nameServerAddress}
${['lab', 'hostile', 'clean', 'signed', 'stale'].map((name) => `${name}.example. IN NS ns.lab.example.\n`).join('')}`),
  'lab.example': startOf(`@ IN NS ns
@ IN MX 10 mail
@ IN A 203.0.113.80
@ IN TXT "v=spf1 ip4:203.0.113.10 +all"
_dmarc IN TXT "v=DMARC1; p=none"
ns IN A ${nameServerAddress}
ns IN AAAA ${v6(53)}
services IN AAAA ${v6(10)}
${atLab(['services', 'mail'], '203.0.113.10')}${atLab(['open'], '203.0.113.20')}${atLab(['legacy'], '203.0.113.30')}${atLab(['www', 'git', 'files', 'env', 'backup', 'cors', 'key'], '203.0.113.80')}${atLab(['panel'], '203.0.113.81')}
${atLab(['api'], '203.0.113.90')}${atLab(['bucket'], '203.0.113.91')}${atLab(['catchall'], '203.0.113.100')}
inward IN A 127.0.0.1
private IN A 10.20.30.40
shop IN CNAME shop.gone-forever.example.
cloud IN CNAME lab-cloud-7f3a.azurewebsites.net.
old IN MX 10 mx.gone-forever.example.
parked IN NS ns1.gone-forever.example.
lame IN NS www
*.wild IN A 203.0.113.80
`),
  'hostile.example': startOf(`@ IN NS ns.lab.example.
@ IN A 203.0.113.130
${atLab(['loop', 'bomb', 'maze', 'escape', 'away', 'headers', 'evil-ns'], '203.0.113.130')}evil IN NS evil-ns
inward IN A 127.0.0.1
`),
  'clean.example': startOf(`@ IN NS ns.lab.example.
@ IN A 203.0.113.80
@ IN MX 10 mail.lab.example.
@ IN TXT "v=spf1 mx -all"
@ IN CAA 0 issue "ca.example"
_dmarc IN TXT "v=DMARC1; p=reject"
_mta-sts IN TXT "v=STSv1; id=1"
www IN A 203.0.113.80
`),
  'signed.example': startOf('@ IN NS ns.lab.example.\n@ IN A 203.0.113.80\n@ IN TXT "v=spf1 -all"\n_dmarc IN TXT "v=DMARC1; p=reject"\nwww IN A 203.0.113.80\n'),
  'stale.example': startOf('@ IN NS ns.lab.example.\n@ IN A 203.0.113.80\n@ IN TXT "v=spf1 -all"\n_dmarc IN TXT "v=DMARC1; p=reject"\nwww IN A 203.0.113.80\n'),
}
const zoneFile = (zone: string): string => `/etc/bind/zones/${zone === '.' ? 'root' : zone}`

function names(): Host {
  const served = (zone: string, file: string, transfer: 'any' | 'none'): string => `zone "${zone}" { type primary; file "${file}"; allow-transfer { ${transfer}; }; };\n`
  const sign = (zone: string, period: string): string => `(cd /etc/bind/zones && dnssec-keygen -q -a ECDSAP256SHA256 -f KSK ${zone} > /dev/null && dnssec-keygen -q -a ECDSAP256SHA256 ${zone} > /dev/null && dnssec-signzone -q -P -S ${period} -o ${zone} -f ${zone}.signed ${zone} > /dev/null)`
  return {
    name: 'names', addresses: [nameServerAddress, v6(53)],
    files: [
      file('/etc/bind/named.conf', `options { ${serverOptions} recursion no; };\n${Object.keys(zones).map((zone) => served(zone, zone === 'signed.example' || zone === 'stale.example' ? `${zoneFile(zone)}.signed` : zoneFile(zone), zone === 'lab.example' ? 'any' : 'none')).join('')}`),
      ...Object.entries(zones).map(([zone, records]) => file(zoneFile(zone), records)),
    ],
    start: `${sign('signed.example', '-u')} &\n${sign('stale.example', '-s 20240101000000 -e 20240201000000')} &\nwait\n${startNamed}`, tcp: [53], udp: [53],
  }
}

/** A resolver that looks up for everybody. */
const resolver = (): Host => ({ name: 'resolver', addresses: ['203.0.113.54'], files: [], start: `dnsmasq --no-resolv --server=${nameServerAddress} --conf-file=/dev/null`, tcp: [53], udp: [53] })

/** TLS and SSH as they were long ago. */
function legacy(): Host {
  const authority = certificate('/O=Lab/CN=Lab authority', { authority: true })
  const old = certificate('legacy.lab.example', { names: ['legacy.lab.example'], key: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'] })
  const site = (port: number, name: string, more: string): string => `  server { listen ${port} ssl; ssl_certificate /etc/lab/${name}.pem; ssl_certificate_key /etc/lab/${name}.key; ${more} root /srv/www; }`
  return {
    name: 'legacy', addresses: ['203.0.113.30', v6(30)],
    files: [
      ...tlsFiles('old', old),
      ...tlsFiles('expired', certificate('legacy.lab.example', { names: ['legacy.lab.example'], issuer: authority, from: '20200101000000Z', until: '20210101000000Z' })),
      ...tlsFiles('other', certificate('www.other.example', { names: ['www.other.example'], issuer: authority })),
      file('/etc/ssl/openssl.cnf', 'openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = default\n[default]\nMinProtocol = TLSv1\nCipherString = ALL:COMPLEMENTOFALL:@SECLEVEL=0\n'),
      nginx([
        site(443, 'old', 'ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers ALL:COMPLEMENTOFALL:@SECLEVEL=0;'), site(8443, 'expired', 'ssl_protocols TLSv1.2 TLSv1.3;'), site(9443, 'other', 'ssl_protocols TLSv1.2 TLSv1.3;'),
      ].join('\n')),
      file('/srv/www/index.html', '<!doctype html><title>Legacy</title>\n'),
    ],
    start: `${startNginx}
${startSsh} -o KexAlgorithms=+diffie-hellman-group1-sha1,diffie-hellman-group14-sha1 -o Ciphers=+3des-cbc,aes128-cbc -o MACs=+hmac-md5 -o HostKeyAlgorithms=+ssh-rsa`,
    tcp: [22, 443, 8443, 9443], udp: [],
  }
}

function web(): Host {
  const site = (name: string, more = ''): string => `  server { listen 80; server_name ${name}.lab.example; root /srv/${name}; ${more} }`
  const page = (name: string, title: string): HostFile => file(`/srv/${name}/index.html`, `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1></html>\n`)
  return {
    name: 'web', addresses: ['203.0.113.80', v6(80)],
    files: [
      ...tlsFiles('www', certificate('www.lab.example', { names: ['www.lab.example', 'lab.example'] })),
      nginx(`  ssl_certificate /etc/lab/www.pem; ssl_certificate_key /etc/lab/www.key; ssl_protocols TLSv1.2 TLSv1.3;
  server { listen 80 default_server; listen [::]:80 default_server; listen 443 ssl default_server; listen [::]:443 ssl default_server; server_name www.lab.example lab.example; root /srv/www; }
${site('git')}
${site('files', 'location = / { return 302 /public/; } location /public/ { autoindex on; }')}
${site('env')}
${site('backup')}
${site('key')}
${site('cors', 'location / { add_header Access-Control-Allow-Origin $http_origin always; add_header Access-Control-Allow-Credentials true always; }')}`),
      page('www', 'Lab'), page('git', 'Shop'), page('env', 'Orders'), page('backup', 'Stock'), page('cors', 'Accounts'), page('key', 'Notes'),
      file('/srv/git/.git/HEAD', 'ref: refs/heads/main\n'),
      file('/srv/git/.git/config', '[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\tlogallrefupdates = true\n'),
      file('/srv/files/public/report.txt', 'Numbers.\n'),
      file('/srv/env/.env', 'APP_ENV=production\nAPP_DEBUG=false\nDB_HOST=10.0.0.5\nDB_USERNAME=orders\nDB_PASSWORD=k9-vR3wq71Lm\nMAIL_FROM=orders@lab.example\n'),
      file('/srv/backup/backup.sql', '-- MariaDB dump 10.19\nCREATE TABLE `users` (`id` int, `name` text);\nINSERT INTO `users` VALUES (1,\'Ada\');\n'),
      file('/srv/key/server.key', certificate('key.lab.example').key, 'www-data'),
    ],
    start: startNginx, tcp: [80, 443], udp: [],
  }
}

/** Apache as Debian ships it, with two things that its owner turned on. */
const panel = (): Host => ({
  name: 'panel', addresses: ['203.0.113.81'],
  files: [
    file('/etc/apache2/conf-enabled/zz-lab.conf', 'ServerName panel.lab.example\nTraceEnable On\n<Location /server-status>\n  SetHandler server-status\n  Require all granted\n</Location>\n'),
    file('/etc/apache2/mods-enabled/status.conf', 'ExtendedStatus On\n'),
  ],
  start: 'mkdir -p /var/log/apache2 && apachectl start', tcp: [80], udp: [],
})

const program = (role: string, ...words: string[]): string => `${process.execPath} ${fileURLToPath(new URL('programs.ts', import.meta.url))} ${role} ${words.join(' ')} &`

/** An API that tells everything about itself: OpenAPI, GraphQL with introspection, an MCP server without a login. */
const api = (): Host => ({ name: 'api', addresses: ['203.0.113.90'], files: [], start: program('api', packages()), tcp: [80], udp: [] })
const bucket = (): Host => ({ name: 'bucket', addresses: ['203.0.113.91'], files: [], start: program('bucket', packages()), tcp: [80], udp: [] })
/** Nothing is wrong with it, and everything is there. */
const catchall = (): Host => ({ name: 'catchall', addresses: ['203.0.113.100'], files: [], start: program('catchall'), tcp: [80, 8080, 8081], udp: [] })
/** Every port is open, and says whatever one wants to hear. */
const honeypot = (): Host => ({ name: 'honeypot', addresses: ['203.0.113.110'], files: [], start: `nft 'add table ip trap; add chain ip trap in { type nat hook prerouting priority -100 ; }; add rule ip trap in tcp dport 1-65535 redirect to :7777'\n${program('honeypot')}`, tcp: [7777], udp: [] })
const tarpit = (): Host => ({ name: 'tarpit', addresses: ['203.0.113.120'], files: [], start: program('tarpit'), tcp: [21, 22, 25, 80, 443, 6379], udp: [] })
/** Servers that want to hurt whoever asks. */
const hostile = (): Host => ({ name: 'hostile', addresses: ['203.0.113.130'], files: [...tlsFiles('hostile', hugeCertificate())], start: program('hostile'), tcp: [53, 80, 443], udp: [53] })
const hugeCertificate = (): Issued => certificate('/O=\u001b[31mred\u001b[0m\\<script\\>/CN=*', { names: Array.from({ length: 1_000 }, (_, index) => `name-${index}.hostile.example`) })
/** What it does not serve it does not answer at all. */
const walled = (): Host => ({
  name: 'walled', addresses: ['198.51.100.20'], files: [nginx('  server { listen 80 default_server; root /srv/www; }'), file('/srv/www/index.html', '<!doctype html><title>Walled</title>\n')],
  start: `nft 'add table inet wall; add chain inet wall in { type filter hook input priority 0 ; policy drop ; }; add rule inet wall in tcp dport 80 accept; add rule inet wall in ct state established accept; add rule inet wall in iif lo accept'\n${startNginx}`, tcp: [80], udp: [],
})

const all = { services, open, names, resolver, legacy, web, panel, api, bucket, catchall, honeypot, tarpit, hostile, walled }
export type HostName = keyof typeof all
export const hostNames = Object.keys(all) as HostName[]

/** Made anew for each lab: no key outlives it. */
export const labHosts = (wanted: readonly HostName[]): Host[] => wanted.map((name) => all[name]())
