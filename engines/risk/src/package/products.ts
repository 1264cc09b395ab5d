// What source packages of Debian and Ubuntu are called in NVD, so that a build that names only itself can be asked about. Facts, gathered by ourselves; a package that is not here has no name there.

const products: Readonly<Record<string, string>> = {
  'apache2': 'apache:http_server', 'bind9': 'isc:bind', 'busybox': 'busybox:busybox', 'cups': 'openprinting:cups easy_software_products:cups', 'curl': 'haxx:curl', 'cyrus-imapd': 'cyrus:imap', 'dnsmasq': 'thekelleys:dnsmasq dnsmasq:dnsmasq', 'dovecot': 'dovecot:dovecot open-xchange:dovecot', 'dropbear': 'dropbear_ssh_project:dropbear_ssh',
  'exim4': 'exim:exim university_of_cambridge:exim', 'expat': 'libexpat_project:libexpat', 'git': 'git-scm:git git:git', 'glibc': 'gnu:glibc', 'gnutls28': 'gnu:gnutls', 'haproxy': 'haproxy:haproxy', 'libxml2': 'xmlsoft:libxml2 libxml2:libxml2', 'lighttpd': 'lighttpd:lighttpd', 'linux': 'linux:linux_kernel',
  'mariadb': 'mariadb:mariadb', 'mariadb-10.5': 'mariadb:mariadb', 'mariadb-10.6': 'mariadb:mariadb', 'memcached': 'memcached:memcached', 'mosquitto': 'eclipse:mosquitto', 'mysql-8.0': 'oracle:mysql', 'nginx': 'f5:nginx nginx:nginx', 'ntp': 'ntp:ntp', 'openldap': 'openldap:openldap',
  'openssh': 'openbsd:openssh', 'openssl': 'openssl:openssl', 'openvpn': 'openvpn:openvpn', 'php7.4': 'php:php', 'php8.1': 'php:php', 'php8.2': 'php:php', 'php8.3': 'php:php', 'php8.4': 'php:php', 'postfix': 'postfix:postfix', 'postgresql-13': 'postgresql:postgresql', 'postgresql-15': 'postgresql:postgresql', 'postgresql-17': 'postgresql:postgresql',
  'proftpd-dfsg': 'proftpd:proftpd', 'pure-ftpd': 'pureftpd:pure-ftpd', 'python3.11': 'python:python', 'rabbitmq-server': 'vmware:rabbitmq', 'redis': 'redis:redis redislabs:redis', 'rsync': 'samba:rsync', 'samba': 'samba:samba', 'sendmail': 'sendmail:sendmail', 'snapd': 'canonical:snapd', 'squid': 'squid-cache:squid squid:squid',
  'strongswan': 'strongswan:strongswan', 'sudo': 'sudo_project:sudo', 'systemd': 'systemd_project:systemd', 'tomcat9': 'apache:tomcat', 'tomcat10': 'apache:tomcat', 'unbound': 'nlnetlabs:unbound', 'varnish': 'varnish_cache_project:varnish_cache', 'vsftpd': 'vsftpd_project:vsftpd', 'wget': 'gnu:wget', 'xz-utils': 'tukaani:xz', 'zlib': 'zlib:zlib',
}

/** The CPE names of an upstream version of a source package (a maker that changed hands has several); none where NVD's name for it is not known here. */
export function cpesOfPackage(source: string, upstreamVersion: string): readonly string[] {
  const known = Object.hasOwn(products, source) ? products[source]! : ''
  if (known === '' || !/^[\w.+~-]{1,64}$/.test(upstreamVersion)) return []
  // 9.2p1 is release 9.2, patch 1 in NVD.
  const [, release = upstreamVersion, update = '*'] = (source === 'openssh' ? /^([\d.]+)(p\d+)$/.exec(upstreamVersion) : null) ?? []
  return known.split(' ').map((name) => `cpe:2.3:${source === 'linux' ? 'o' : 'a'}:${name}:${release.replace(/[+~]/g, '\\$&')}:${update}:*:*:*:*:*:*`)
}
