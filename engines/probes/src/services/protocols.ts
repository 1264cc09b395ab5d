// Which greeting is sent when. Where nobody speaks first, what is usual at the port is tried before what is usual anywhere.
import type { DatagramExaminer, Protocol } from './model.ts'
import { cassandra, clickhouse, zookeeper } from './clusters.ts'
import { examineNetbiosNames, examineOpenVpn, examineSqlBrowser, examineSsdp } from './datagrams.ts'
import { domain, examineDomainDatagram } from './domain.ts'
import { ftp } from './ftp.ts'
import { http } from './http.ts'
import { ajp, jdwp, rmi } from './java.ts'
import { ldap } from './ldap.ts'
import { imap, pop3, smtp } from './mail.ts'
import { examineMemcachedDatagram, memcached } from './memcached.ts'
import { amqp, epmd, kafka, nats, openWire } from './messaging.ts'
import { minecraft } from './minecraft.ts'
import { mongodb } from './mongodb.ts'
import { mqtt } from './mqtt.ts'
import { mssql } from './mssql.ts'
import { mysql } from './mysql.ts'
import { examineNtp } from './ntp.ts'
import { oracle } from './oracle.ts'
import { postgres } from './postgres.ts'
import { printer } from './printer.ts'
import { socks } from './proxies.ts'
import { rdp } from './rdp.ts'
import { examineSipDatagram, irc, rtsp, sip, xmppClient, xmppServer } from './realtime.ts'
import { redis } from './redis.ts'
import { git, svn } from './repositories.ts'
import { nfs, sunrpc } from './rpc.ts'
import { rsync } from './rsync.ts'
import { netbios, smb } from './smb.ts'
import { examineSnmp } from './snmp.ts'
import { speakers } from './speakers.ts'
import { ssh } from './ssh.ts'
import { telnet } from './telnet.ts'
import { tls } from './tls.ts'
import { vnc } from './vnc.ts'
import { examineIke, openvpn, pptp } from './vpn.ts'
import { x11 } from './x11.ts'

export type Row = {
  readonly protocol: Protocol
  readonly ports: readonly number[]
  /** Where it is usual inside of TLS. */
  readonly secure: readonly number[]
  /** In which round its greeting goes to a port where something else, or nothing, is usual. null: never. */
  readonly round: 1 | 2 | 3 | null
}

const row = (protocol: Protocol, ports: readonly number[], secure: readonly number[], round: Row['round']): Row => ({ protocol, ports, secure, round })

export const table: readonly Row[] = [
  row(tls, [443, 465, 563, 636, 853, 989, 990, 992, 993, 994, 995, 2376, 3269, 4433, 5061, 5223, 5671, 5986, 6443, 6514, 6697, 7443, 8443, 8883, 9443, 10250], [], 1),
  row(http, [80, 81, 591, 2375, 2379, 3000, 3128, 4040, 5000, 5601, 5984, 5985, 7001, 8000, 8001, 8008, 8080, 8081, 8086, 8088, 8090, 8123, 8161, 8500, 8888, 8983, 9000, 9090, 9091, 9200, 10255, 15672],
    [443, 2376, 4433, 5986, 6443, 7443, 8443, 9443, 10250], 1),
  row(ssh, [22, 2022, 2222], [], null),
  row(ftp, [21, 2121], [990], null),
  row(smtp, [25, 26, 587, 2525], [465], null),
  row(pop3, [110], [995], null),
  row(imap, [143], [993], null),
  row(mysql, [3306, 3307, 33060], [], null),
  row(rsync, [873], [874], null),
  row(vnc, [5900, 5901, 5902, 5903, 5904, 5905], [], null),
  row(domain, [53], [853], 2),
  row(redis, [6379, 6380, 7000, 16379, 26379], [6380], 2),
  row(memcached, [11211], [], 2),
  row(postgres, [5432, 5433, 6432], [], 2),
  row(mqtt, [1883], [8883], 2),
  row(ldap, [389, 3268, 10389], [636, 3269], 2),
  row(smb, [445], [], 2),
  row(mongodb, [27017, 27018, 27019], [], 2),
  row(mssql, [1433, 1434], [], 3),
  row(rdp, [3389, 3390], [], 2),
  row(socks, [1080, 1081, 9050], [], 3),
  row(amqp, [5672], [5671], 3),
  row(kafka, [9092, 9093, 9094], [9093], 3),
  row(zookeeper, [2181], [], 3),
  row(cassandra, [9042], [9142], 3),
  row(clickhouse, [9000], [9440], 3),
  row(x11, [6000, 6001, 6002, 6003, 6004, 6005, 6063], [], 3),
  row(jdwp, [5005, 8787], [], 3),
  row(rmi, [1099, 1098, 9010], [], 3),
  row(ajp, [8009], [], 3),
  row(rtsp, [554, 8554], [], 3),
  row(sip, [5060], [5061], 3),
  row(xmppClient, [5222], [5223], 3),
  row(xmppServer, [5269], [5270], null),
  row(irc, [194, 6660, 6661, 6662, 6663, 6664, 6665, 6666, 6667, 6668, 6669], [6697], 3),
  row(oracle, [1521, 1526], [], 3),
  row(netbios, [139], [], 3),
  row(sunrpc, [111], [], 3),
  row(nfs, [2049], [], null),
  row(epmd, [4369], [], 3),
  row(git, [9418], [], 3),
  row(openvpn, [1194], [], 3),
  row(pptp, [1723], [], null),
  row(minecraft, [25565], [], null),
  row(svn, [3690], [], null),
  row(nats, [4222], [], null),
  row(openWire, [61616], [61617], null),
  row(telnet, [23, 2323], [992], null),
  row(printer, [9100, 9101, 9102, 9103], [], null),
  ...speakers.map(([protocol, ports, secure]) => row(protocol, ports, secure, null)),
]

/** By the names of `udpProtocols`, which has what each is asked first and how its answers are known. */
export const datagramExaminers: Readonly<Record<string, DatagramExaminer>> = {
  domain: examineDomainDatagram,
  snmp: examineSnmp,
  memcache: examineMemcachedDatagram,
  ntp: examineNtp,
  isakmp: examineIke,
  'ipsec-nat-t': examineIke,
  openvpn: examineOpenVpn,
  sip: examineSipDatagram,
  ssdp: examineSsdp,
  'ms-sql-m': examineSqlBrowser,
  'netbios-ns': examineNetbiosNames,
}

/** What is here may print whatever it is sent, or drive machines: nothing but the port's own greeting is sent. */
export const handledWithCare: ReadonlySet<number> = new Set([102, 502, 515, 9100, 9101, 9102, 9103, 9104, 9105, 9106, 9107, 20000, 44818, 47808])
