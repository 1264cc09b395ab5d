// The revisions of the protocol that are spoken. Up to 2025-11-25 a connection begins with a handshake; from 2026-07-28 on every request says all about itself.
export const modern = '2026-07-28'

/** Newest first. */
export const withHandshake: readonly string[] = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05']

/** What a request without any version speaks (2025-06-18, transports: "Protocol Version Header"). */
export const unnamed = '2025-03-26'

/** Revisions in which a JSON-RPC batch is a message. */
export const hasBatches = (version: string): boolean => version <= '2025-03-26'

/** Revisions in which a client comes back for the rest of a stream that began with an event without data. */
export const resumesStreams = (version: string): boolean => version >= '2025-11-25' && version !== modern

export const meta = {
  version: 'io.modelcontextprotocol/protocolVersion',
  capabilities: 'io.modelcontextprotocol/clientCapabilities',
  logLevel: 'io.modelcontextprotocol/logLevel',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  subscription: 'io.modelcontextprotocol/subscriptionId',
  tasks: 'io.modelcontextprotocol/tasks',
} as const
