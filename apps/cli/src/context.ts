import type { Language } from '@haechi/server/errors'
import type { Server } from './client.ts'
import type { Text } from './texts.ts'

export type Out = {
  write(text: string): void
  /** A person looks at it. */
  readonly terminal: boolean
  /** Cells a line; Infinity where it is no terminal. */
  width(): number
}

/** The process as a command sees it; tests put their own in its place. */
export type Io = {
  readonly out: Out
  readonly err: Out
  readonly input: AsyncIterable<Uint8Array>
  readonly environment: NodeJS.ProcessEnv
  /** Milliseconds since the epoch. */
  readonly clock: { now(): number }
  /** Aborted by the first stop signal (SIGINT, SIGTERM, SIGHUP). */
  readonly stop: AbortSignal
}

export type Context = Io & {
  readonly language: Language
  readonly json: boolean
  readonly text: Text
  /** The server that --data or --url names. Nothing is opened before the first request. Errors: those of chooseServer. */
  server(options: ConnectionOptions): Server
  /** Reports a failure on standard error in the form that was asked for, without ending the command. */
  report(error: unknown, place?: string): void
}

export type ConnectionOptions = { readonly data: string | undefined; readonly url: string | undefined; readonly key: string | undefined; readonly ca: string | undefined; readonly tenant?: string | undefined }
