import fc from 'fast-check'
import { expect, test } from 'vitest'
import { distributionBuild } from './distribution.ts'

test.each([
  ['OpenSSH_9.2p1 Debian-2+deb12u10', 'debian', '12', 'openssh', '1:9.2p1-2+deb12u10'],
  ['SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.13', 'ubuntu', null, 'openssh', '1:8.9p1-3ubuntu0.13'],
  ['OpenSSH_3.8.1p1 Debian-11ubuntu3', 'ubuntu', null, 'openssh', '1:3.8.1p1-11ubuntu3'],
  ['OpenSSH_7.9p1 Raspbian-10+deb10u2+rpt1', 'raspbian', '10', 'openssh', '1:7.9p1-10+deb10u2+rpt1'],
  ['OpenSSH_10.0p2 Debian-7', 'debian', null, 'openssh', '1:10.0p2-7'],
  ['OpenSSH_9.6 FreeBSD-20240701', 'freebsd', null, 'openssh', null],
  ['5.5.5-10.11.6-MariaDB-0+deb12u1', 'debian', '12', 'mariadb', '1:10.11.6-0+deb12u1'],
  ['5.5.5-10.6.16-MariaDB-0ubuntu0.22.04.1-log', 'ubuntu', '22.04', 'mariadb-10.6', '1:10.6.16-0ubuntu0.22.04.1'],
  ['5.5.5-10.1.48-MariaDB-0+deb9u2', 'debian', '9', 'mariadb-10.1', '10.1.48-0+deb9u2'],
  ['8.0.36-0ubuntu0.22.04.1', 'ubuntu', '22.04', 'mysql-8.0', '8.0.36-0ubuntu0.22.04.1'],
  ['5.7.42-0ubuntu0.18.04.1-log', 'ubuntu', '18.04', 'mysql-5.7', '5.7.42-0ubuntu0.18.04.1'],
  ['5.5.62-0+deb8u1', 'debian', '8', 'mysql-5.5', '5.5.62-0+deb8u1'],
  ['9.18.28-0ubuntu0.22.04.1-Ubuntu', 'ubuntu', '22.04', 'bind9', '1:9.18.28-0ubuntu0.22.04.1'],
  ['9.18.28-1~deb12u2-Debian', 'debian', '12', 'bind9', '1:9.18.28-1~deb12u2'],
  ['9.16.1-Ubuntu', 'ubuntu', null, 'bind9', null],
  ['9.11.4-P2-RedHat-9.11.4-26.P2.el7_9.15', 'redhat', 'el7', 'bind', '9.11.4-26.P2.el7_9.15'],
  ['PHP/7.0.33-0ubuntu0.16.04.16', 'ubuntu', '16.04', 'php7.0', '7.0.33-0ubuntu0.16.04.16'],
  ['PHP/5.6.40-0+deb8u12', 'debian', '8', 'php5', '5.6.40-0+deb8u12'],
  ['220 a.example ESMTP Sendmail 8.15.2/8.15.2/Debian-14~deb10u1; Tue', 'debian', '10', 'sendmail', '8.15.2-14~deb10u1'],
  ['PostgreSQL 15.6 (Debian 15.6-0+deb12u1) on x86_64-pc-linux-gnu', 'debian', '12', 'postgresql-15', '15.6-0+deb12u1'],
  ['PostgreSQL 14.11 (Ubuntu 14.11-0ubuntu0.22.04.1) on x86_64', 'ubuntu', '22.04', 'postgresql-14', '14.11-0ubuntu0.22.04.1'],
  ['Samba 4.9.5-Debian', 'debian', null, 'samba', null],
  ['Apache/2.4.57 (Debian)', 'debian', null, 'apache2', null],
  ['Apache/2.4.6 (CentOS) OpenSSL/1.0.2k-fips PHP/5.4.16', 'centos', null, 'httpd', null],
  ['Apache/2.4.37 (Red Hat Enterprise Linux) OpenSSL/1.1.1k', 'redhat', null, 'httpd', null],
  ['nginx/1.18.0 (Ubuntu)', 'ubuntu', null, 'nginx', null],
  ['Apache-Coyote/1.1 Apache Tomcat/9.0.43 (Debian)', 'debian', null, 'tomcat9', null],
  ['220 ProFTPD 1.3.5e Server (Debian) [::ffff:192.0.2.1]', 'debian', null, 'proftpd-dfsg', null],
  ['220 mail.example ESMTP Postfix (Debian/GNU)', 'debian', null, 'postfix', null],
  ['* OK Dovecot (Ubuntu) ready.', 'ubuntu', null, 'dovecot', null],
  ['220 mail ESMTP Exim 4.93 Ubuntu Tue, 03 Nov 2026', 'ubuntu', null, 'exim4', null],
] as const)('%s', (banner, distribution, release, sourcePackage, packageVersion) => {
  expect(distributionBuild(banner)).toMatchObject({ distribution, release, sourcePackage, packageVersion })
})

test('what no distribution built says nothing of one', () => {
  for (const banner of [
    '', 'OpenSSH_9.2p1', 'OpenSSH_for_Windows_8.1', 'nginx/1.25.3', 'Apache/2.4.58 (Unix) OpenSSL/3.0.2', 'Apache/2.4.58 (Win64)', '8.0.36', '5.5.5-11.4.2-MariaDB-deb12', '5.5.5-10.11.6-MariaDB-1:10.11.6+maria~deb12', '9.18.24',
    'PostgreSQL 15.6 (Debian 15.6-1.pgdg120+2) on x86_64', 'PHP/8.2.7', 'PHP/7.4.33-1+ubuntu22.04.1+deb.sury.org+1 x', 'Apache/2.4.57 (Debianesque', 'my Debian blog', '5.7.42-percona-sure1-log',
  ]) expect([banner, distributionBuild(banner)?.packageVersion ?? null]).toEqual([banner, null])
  for (const banner of ['nginx/1.25.3', 'Apache/2.4.58 (Unix)', 'my Debian blog', '8.0.36', 'OpenSSH_9.2p1']) expect(distributionBuild(banner)).toBeNull()
})

test('any text is read quickly', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void distributionBuild(text)))
  const from = performance.now()
  for (const unit of ['OpenSSH_9', '-MariaDB-0', '(Debian ', '9.1.1-', '-RedHat-9', 'PHP/7.0.33-0', '8.1.1/', '1.', 'a']) distributionBuild(unit.repeat(100_000))
  expect(performance.now() - from).toBeLessThan(10_000)
})
