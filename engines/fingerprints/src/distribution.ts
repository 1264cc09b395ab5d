// What a banner tells of the distribution's build that answered. A wrong build would silence a real hole, so that only spellings that a package leaves behind
// count, and a revision is only made into a package's version where the upstream version stands beside it. Defended by distribution.test.ts.
// Sources: deb-version(7), RPM's release tags, and the banners that the packages of Debian, Ubuntu, Raspbian, Red Hat and others are built to send.
import type { DistributionBuild } from './model.ts'

type Distribution = DistributionBuild['distribution']

/** How a banner calls a distribution. */
const names: readonly (readonly [RegExp, Distribution])[] = [
  [/^Raspbian/i, 'raspbian'], [/^Ubuntu/i, 'ubuntu'], [/^Debian/i, 'debian'], [/^CentOS/i, 'centos'], [/^(?:Red ?Hat|RHEL)/i, 'redhat'], [/^Fedora/i, 'fedora'], [/^AlmaLinux/i, 'almalinux'], [/^Rocky/i, 'rocky'],
  [/^Oracle Linux/i, 'oracle'], [/^Amazon/i, 'amazon'], [/^(?:open)?SUSE|^Linux\/SUSE|^SLES/i, 'suse'],
]
const named = (text: string): Distribution | null => names.find(([pattern]) => pattern.test(text))?.[1] ?? null
const ordering = (distribution: Distribution): 'deb' | 'rpm' | null => (['debian', 'ubuntu', 'raspbian'].includes(distribution) ? 'deb' : distribution === 'freebsd' ? null : 'rpm')

/** Epochs of source packages, as Debian and Ubuntu carry them (packages.debian.org; `apt-cache policy`). A package that is not here has none. */
const epoch = (sourcePackage: string, release: string | null): string => (/^(?:openssh|bind9|mariadb.*)$/.test(sourcePackage) && !(sourcePackage.startsWith('mariadb') && (release === '8' || release === '9')) ? '1:' : '')

/** Releases whose number the revision of an update names. */
function releaseOf(distribution: Distribution, revision: string): string | null {
  const debian = /[+~]deb(\d+)u\d+/.exec(revision)?.[1]
  if (debian !== undefined) return debian
  const ubuntu = /[.~](\d\d\.\d\d)(?:\.\d+)?(?:$|[~+])/.exec(revision)?.[1]
  if (distribution === 'ubuntu') return ubuntu ?? null
  return /\.(el\d+|fc\d+|amzn\d+)(?:[._]|$)/.exec(revision)?.[1] ?? null
}

function deb(sourcePackage: string, distribution: Distribution, upstream: string, revision: string): DistributionBuild {
  const release = releaseOf(distribution, revision)
  return { distribution, ordering: 'deb', release, sourcePackage, upstreamVersion: upstream, revision, packageVersion: `${epoch(sourcePackage, release)}${upstream}-${revision}` }
}

const hidden = (sourcePackage: string | null, distribution: Distribution, upstream: string | null): DistributionBuild => ({ distribution, ordering: ordering(distribution), release: null, sourcePackage, packageVersion: null, upstreamVersion: upstream, revision: null })

/** `3ubuntu0.13`, `0ubuntu0.22.04.1`: Ubuntu marks its own; all else of this shape is Debian's. */
const byRevision = (revision: string): Distribution => (/ubuntu/i.test(revision) ? 'ubuntu' : 'debian')

type Reading = (banner: string) => DistributionBuild | null

// Each takes the first that its package is known to send. All expressions are anchored or made of single steps, and banners are bounded: they cannot backtrack far.
const readings: readonly Reading[] = [
  // OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSH_8.9p1 Ubuntu-3ubuntu0.13, OpenSSH_7.9p1 Raspbian-10+deb10u2
  (banner) => {
    const [, upstream = '', distribution = '', revision = ''] = /\bOpenSSH_(\d[\w.]{0,20}) (Debian|Ubuntu|Raspbian)-([0-9A-Za-z.+~]{1,60})/.exec(banner) ?? []
    if (upstream === '') return null
    const stated = named(distribution) ?? 'debian'
    return deb('openssh', stated === 'debian' ? byRevision(revision) : stated, upstream, revision)
  },
  // OpenSSH_9.6 FreeBSD-20240701
  (banner) => {
    const [, upstream = '', revision = ''] = /\bOpenSSH_(\d[\w.]{0,20}) FreeBSD[ -](\d{8})\b/.exec(banner) ?? []
    return upstream === '' ? null : { distribution: 'freebsd', ordering: null, release: null, sourcePackage: 'openssh', packageVersion: null, upstreamVersion: upstream, revision }
  },
  // 5.5.5-10.11.6-MariaDB-0+deb12u1, 10.6.16-MariaDB-0ubuntu0.22.04.1-log, 11.4.2-MariaDB-deb12 (MariaDB's own builds: no distribution's)
  (banner) => {
    const [, upstream = '', revision = ''] = /\b(\d+\.\d+\.\d+)-MariaDB-(\d+(?:\+deb\d+u\d+|ubuntu[\d.]+)(?:~[\w.]+)?)/.exec(banner) ?? []
    if (upstream === '') return null
    return deb(/^10\.(?:\d\.|10\.)/.test(upstream) ? `mariadb-${upstream.split('.').slice(0, 2).join('.')}` : 'mariadb', byRevision(revision), upstream, revision)
  },
  // 8.0.36-0ubuntu0.22.04.1, 5.7.42-0ubuntu0.18.04.1-log, 5.5.62-0+deb8u1
  (banner) => {
    const [, upstream = '', revision = ''] = /^((?:5\.[0-7]|8\.\d)\.\d+)-(\d+(?:ubuntu[\d.]+|\+deb\d+u\d+))(?:-log)?$/m.exec(banner) ?? []
    return upstream === '' ? null : deb(`mysql-${upstream.split('.').slice(0, 2).join('.')}`, byRevision(revision), upstream, revision)
  },
  // 9.18.24-1-Debian, 9.16.1-Ubuntu, 9.18.28-0ubuntu0.22.04.1-Ubuntu, 9.9.5-9+deb8u19-Debian
  (banner) => {
    const [, upstream = '', revision = '', distribution = ''] = /\b(9\.\d+\.\d+(?:-P\d+|-ESV[\w-]{0,10}|-S\d+)?)(?:-(\d[0-9A-Za-z.+~]{0,60}))?-(Debian|Ubuntu|Raspbian)\b/.exec(banner) ?? []
    if (upstream === '') return null
    const stated = named(distribution) ?? 'debian'
    return revision === '' ? hidden('bind9', stated, upstream) : deb('bind9', stated, upstream.replace(/-(?=[PS]\d)/, '.'), revision)
  },
  // 9.11.4-P2-RedHat-9.11.4-26.P2.el7_9.15
  (banner) => {
    const [, upstream = '', revision = ''] = /-RedHat-(\d[\w.]{0,20})-(\d[\w.+~]{0,60}\.(?:el|fc|amzn)\d[\w.]{0,20})/.exec(banner) ?? []
    const distribution: Distribution = /\.fc\d/.test(revision) ? 'fedora' : /\.amzn\d/.test(revision) ? 'amazon' : 'redhat'
    return upstream === '' ? null : { distribution, ordering: 'rpm', release: releaseOf(distribution, revision), sourcePackage: 'bind', packageVersion: `${upstream}-${revision}`, upstreamVersion: upstream, revision }
  },
  // PHP/7.0.33-0ubuntu0.16.04.16, PHP/7.3.31-1~deb10u5, PHP/5.6.40-0+deb8u12
  (banner) => {
    const [, upstream = '', revision = ''] = /\bPHP\/(\d+\.\d+\.\d+)-([\d.]+(?:ubuntu[\d.]+|[+~]deb\d+u\d+))/i.exec(banner) ?? []
    if (upstream === '') return null
    const [major = '', minor = ''] = upstream.split('.')
    return deb(Number(major) < 7 ? `php${major}` : `php${major}.${minor}`, byRevision(revision), upstream, revision)
  },
  // Sendmail 8.15.2/8.15.2/Debian-14~deb10u1
  (banner) => {
    const [, upstream = '', revision = ''] = /\b(8\.\d+\.\d+)\/8\.\d+\.\d+\/Debian-([0-9A-Za-z.+~]{1,60})/.exec(banner) ?? []
    return upstream === '' ? null : deb('sendmail', byRevision(revision), upstream, revision)
  },
  // PostgreSQL 15.6 (Debian 15.6-0+deb12u1) on x86_64, PostgreSQL 14.11 (Ubuntu 14.11-0ubuntu0.22.04.1)
  (banner) => {
    const [, upstream = '', distribution = '', revision = ''] = /\bPostgreSQL (\d+(?:\.\d+){0,2}) \((Debian|Ubuntu) \d[\d.]{0,20}-([0-9A-Za-z.+~]{1,60})\)/.exec(banner) ?? []
    // Packages of the PostgreSQL project's own archive follow upstream: those are no backports.
    if (upstream === '' || /\.pgdg/.test(revision)) return null
    return deb(`postgresql-${upstream.startsWith('9.') ? upstream.split('.').slice(0, 2).join('.') : upstream.split('.')[0]}`, named(distribution) ?? 'debian', upstream, revision)
  },
  // Samba 4.9.5-Debian, Samba 4.3.11-Ubuntu
  (banner) => {
    const [, upstream = '', distribution = ''] = /\bSamba (\d+\.\d+\.\d+)-(Debian|Ubuntu|Raspbian)\b/.exec(banner) ?? []
    return upstream === '' ? null : hidden('samba', named(distribution) ?? 'debian', upstream)
  },
  // Apache/2.4.57 (Debian), nginx/1.18.0 (Ubuntu), lighttpd/1.4.69 (Debian), Apache/2.4.6 (CentOS) OpenSSL/1.0.2k-fips, Apache Tomcat/9.0.43 (Debian)
  (banner) => {
    const [, software = '', upstream = '', distribution = ''] = /\b(Apache|nginx|lighttpd|Tomcat)\/(\d[\w.]{0,20}) \(([A-Za-z][\w/ .]{2,40})\)/.exec(banner) ?? []
    const found = named(distribution)
    if (found === null) return null
    const rpm = ordering(found) === 'rpm'
    const sources: Readonly<Record<string, string>> = { Apache: rpm ? found === 'suse' ? 'apache2' : 'httpd' : 'apache2', nginx: 'nginx', lighttpd: 'lighttpd', Tomcat: rpm ? 'tomcat' : `tomcat${upstream.split('.')[0]}` }
    return hidden(sources[software] ?? null, found, upstream)
  },
  // ProFTPD 1.3.5e Server (Debian); also Dovecot (Ubuntu) ready, ESMTP Postfix (Debian/GNU)
  (banner) => {
    const [, software = '', upstream, distribution = ''] = /\b(ProFTPD|Dovecot|Postfix)(?: (\d[\w.]{0,20}))?(?: Server)? \((Debian|Ubuntu|Raspbian)(?:\/GNU)?\)/.exec(banner) ?? []
    return software === '' ? null : hidden(software === 'ProFTPD' ? 'proftpd-dfsg' : software.toLowerCase(), named(distribution) ?? 'debian', upstream ?? null)
  },
  // 220 mail ESMTP Exim 4.93 Ubuntu Tue, ...
  (banner) => {
    const [, upstream = '', distribution = ''] = /\bExim (4\.[\d.]{1,10}) (Ubuntu|Debian)\b/.exec(banner) ?? []
    return upstream === '' ? null : hidden('exim4', named(distribution) ?? 'debian', upstream)
  },
]

const MAX_LENGTH = 4_096

/** The build that a banner (an SSH identification, a Server header, a MySQL version, a version.bind answer, a greeting) comes from; null: it does not tell. */
export function distributionBuild(banner: string): DistributionBuild | null {
  const text = banner.slice(0, MAX_LENGTH)
  for (const reading of readings) {
    const build = reading(text)
    if (build !== null) return build
  }
  return null
}
