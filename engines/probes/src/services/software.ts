// What products are called: by people, and in the dictionary of CPE (NIST IR 7695; names as the National Vulnerability Database has them).

/** Product: vendor, and vendor:product of its CPE where the dictionary has one. */
const table = {
  'OpenSSH': ['OpenBSD', 'openbsd:openssh'], 'Dropbear': ['Dropbear SSH project', 'dropbear_ssh_project:dropbear_ssh'], 'libssh': ['libssh', 'libssh:libssh'], 'Cisco SSH': ['Cisco', null], 'WolfSSH': ['wolfSSL', 'wolfssh:wolfssh'],
  'vsftpd': ['vsftpd project', 'vsftpd_project:vsftpd'], 'ProFTPD': ['ProFTPD', 'proftpd:proftpd'], 'Pure-FTPd': ['Pure-FTPd', 'pureftpd:pure-ftpd'], 'FileZilla Server': ['FileZilla', 'filezilla-project:filezilla_server'],
  'Microsoft FTP Service': ['Microsoft', 'microsoft:ftp_service'], 'Serv-U': ['SolarWinds', 'solarwinds:serv-u'], 'pyftpdlib': ['pyftpdlib', null], 'Titan FTP Server': ['South River Technologies', 'southrivertech:titan_ftp_server'], 'Wing FTP Server': ['Wing FTP', 'wftpserver:wing_ftp_server'],
  'Postfix': ['Postfix', 'postfix:postfix'], 'Exim': ['Exim', 'exim:exim'], 'Sendmail': ['Sendmail', 'sendmail:sendmail'], 'Microsoft Exchange': ['Microsoft', 'microsoft:exchange_server'], 'OpenSMTPD': ['OpenBSD', 'openbsd:opensmtpd'],
  'MailEnable': ['MailEnable', 'mailenable:mailenable'], 'hMailServer': ['hMailServer', 'hmailserver:hmailserver'], 'qmail': ['qmail', 'netqmail:netqmail'], 'Haraka': ['Haraka', 'haraka_project:haraka'], 'Zimbra': ['Synacor', 'synacor:zimbra_collaboration_suite'],
  'Dovecot': ['Dovecot', 'dovecot:dovecot'], 'Cyrus IMAP': ['Cyrus', 'cyrus:imap'], 'Courier': ['Courier', 'courier-mta:courier-imap'], 'UW IMAP': ['University of Washington', 'university_of_washington:imap'],
  'Redis': ['Redis', 'redis:redis'], 'Valkey': ['Valkey', 'lfprojects:valkey'], 'KeyDB': ['Snap', 'snap:keydb'], 'Dragonfly': ['DragonflyDB', 'dragonflydb:dragonfly'], 'Memcached': ['Memcached', 'memcached:memcached'],
  'MySQL': ['Oracle', 'oracle:mysql'], 'MariaDB': ['MariaDB', 'mariadb:mariadb'], 'Percona Server': ['Percona', 'percona:percona_server'], 'PostgreSQL': ['PostgreSQL', 'postgresql:postgresql'], 'Microsoft SQL Server': ['Microsoft', 'microsoft:sql_server'],
  'Oracle Database': ['Oracle', 'oracle:database_server'], 'MongoDB': ['MongoDB', 'mongodb:mongodb'], 'FerretDB': ['FerretDB', null], 'Apache Cassandra': ['Apache', 'apache:cassandra'], 'ScyllaDB': ['ScyllaDB', null], 'ClickHouse': ['ClickHouse', 'clickhouse:clickhouse'],
  'CouchDB': ['Apache', 'apache:couchdb'], 'InfluxDB': ['InfluxData', 'influxdata:influxdb'], 'Elasticsearch': ['Elastic', 'elastic:elasticsearch'], 'OpenSearch': ['OpenSearch', 'amazon:opensearch'],
  'Mosquitto': ['Eclipse', 'eclipse:mosquitto'], 'EMQX': ['EMQ', 'emqx:emqx'], 'RabbitMQ': ['VMware', 'vmware:rabbitmq'], 'ActiveMQ': ['Apache', 'apache:activemq'], 'Qpid': ['Apache', 'apache:qpid'], 'Apache Kafka': ['Apache', 'apache:kafka'], 'Apache ZooKeeper': ['Apache', 'apache:zookeeper'],
  'NATS': ['NATS', 'nats:nats_server'], 'Erlang Port Mapper': ['Erlang', 'erlang:erlang/otp'],
  'rsync': ['Samba', 'samba:rsync'], 'Samba': ['Samba', 'samba:samba'], 'Microsoft Windows SMB': ['Microsoft', null], 'OpenLDAP': ['OpenLDAP', 'openldap:openldap'], 'Active Directory': ['Microsoft', null], '389 Directory Server': ['Red Hat', 'redhat:389_directory_server'], 'ApacheDS': ['Apache', 'apache:apacheds'],
  'Net-SNMP': ['Net-SNMP', 'net-snmp:net-snmp'], 'BIND': ['ISC', 'isc:bind'], 'dnsmasq': ['Thekelleys', 'thekelleys:dnsmasq'], 'Unbound': ['NLnet Labs', 'nlnetlabs:unbound'], 'NSD': ['NLnet Labs', 'nlnetlabs:nsd'], 'PowerDNS': ['PowerDNS', 'powerdns:authoritative'],
  'PowerDNS Recursor': ['PowerDNS', 'powerdns:recursor'], 'Knot DNS': ['CZ.NIC', 'nic:knot_dns'], 'Knot Resolver': ['CZ.NIC', 'nic:knot_resolver'], 'CoreDNS': ['CoreDNS', 'coredns.io:coredns'], 'Microsoft DNS': ['Microsoft', null],
  'nginx': ['F5', 'f5:nginx'], 'OpenResty': ['OpenResty', 'openresty:openresty'], 'Apache HTTP Server': ['Apache', 'apache:http_server'], 'Microsoft IIS': ['Microsoft', 'microsoft:internet_information_services'], 'lighttpd': ['lighttpd', 'lighttpd:lighttpd'], 'Caddy': ['Caddy', 'caddyserver:caddy'],
  'Apache Tomcat': ['Apache', 'apache:tomcat'], 'Jetty': ['Eclipse', 'eclipse:jetty'], 'Squid': ['Squid', 'squid-cache:squid'], 'Varnish': ['Varnish', 'varnish-software:varnish_cache'], 'Envoy': ['Envoy', 'envoyproxy:envoy'],
  'LiteSpeed': ['LiteSpeed', 'litespeedtech:litespeed_web_server'], 'gunicorn': ['Gunicorn', 'gunicorn:gunicorn'], 'Werkzeug': ['Pallets', 'palletsprojects:werkzeug'], 'uvicorn': ['Encode', 'encode:uvicorn'], 'Tinyproxy': ['Tinyproxy', 'tinyproxy_project:tinyproxy'], 'Microsoft HTTPAPI': ['Microsoft', null], 'Kestrel': ['Microsoft', null],
  'Python http.server': ['Python', null], 'thttpd': ['ACME', 'acme:thttpd'], 'mini_httpd': ['ACME', 'acme:mini-httpd'], 'Boa': ['Boa', 'boa:boa'], 'GoAhead': ['EmbedThis', 'embedthis:goahead'], 'Jenkins': ['Jenkins', 'jenkins:jenkins'], 'Docker': ['Docker', 'docker:docker'], 'Kubernetes': ['Kubernetes', 'kubernetes:kubernetes'],
  'etcd': ['etcd', 'etcd:etcd'], 'Consul': ['HashiCorp', 'hashicorp:consul'], 'Vault': ['HashiCorp', 'hashicorp:vault'], 'Prometheus': ['Prometheus', 'prometheus:prometheus'], 'Node Exporter': ['Prometheus', 'prometheus:node_exporter'], 'MinIO': ['MinIO', 'minio:minio'], 'Docker Registry': ['Docker', 'docker:registry'],
  'Windows Remote Management': ['Microsoft', null], 'RealVNC': ['RealVNC', 'realvnc:vnc_server'], 'Apple Remote Desktop': ['Apple', 'apple:apple_remote_desktop'],
  'X.Org': ['X.Org', 'x.org:x_server'], 'ejabberd': ['ProcessOne', 'process-one:ejabberd'], 'Prosody': ['Prosody', 'prosody:prosody'], 'Asterisk': ['Sangoma', 'digium:asterisk'], 'Kamailio': ['Kamailio', 'kamailio:kamailio'], 'FreeSWITCH': ['SignalWire', 'freeswitch:freeswitch'],
  'UnrealIRCd': ['UnrealIRCd', 'unrealircd:unrealircd'], 'InspIRCd': ['InspIRCd', 'inspircd:inspircd'], 'ngIRCd': ['ngIRCd', 'barton:ngircd'], 'Subversion': ['Apache', 'apache:subversion'], 'Git': ['Git', null], 'ntpd': ['NTP', 'ntp:ntp'], 'OpenVPN': ['OpenVPN', 'openvpn:openvpn'],
  'Minecraft': ['Mojang', 'mojang:minecraft'], 'INN': ['ISC', 'isc:inn'], 'CUPS': ['OpenPrinting', 'openprinting:cups'], 'miniupnpd': ['MiniUPnP', 'miniupnp_project:miniupnpd'],
} as const satisfies Readonly<Record<string, readonly [vendor: string, cpe: string | null]>>

export type Product = keyof typeof table

export const vendorOf = (product: Product): string => table[product][0]
export function cpeOf(product: string): { readonly vendor: string; readonly product: string } | null {
  const cpe = Object.hasOwn(table, product) ? table[product as Product][1] : null
  const [vendor = '', name = ''] = cpe?.split(':') ?? []
  return cpe === null ? null : { vendor, product: name }
}

/** Which of them a text names, and the version beside it. The first that matches counts. */
export type Naming = readonly (readonly [RegExp, Product])[]

/** The first group is the version; a text without it names the product alone. */
export function named(text: string, naming: Naming): { readonly product: Product; readonly version: string | null } | null {
  const looked = text.slice(0, 4096)
  for (const [pattern, product] of naming) {
    const found = pattern.exec(looked)
    if (found !== null) return { product, version: found[1] ?? null }
  }
  return null
}
