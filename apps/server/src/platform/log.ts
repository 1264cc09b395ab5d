import { pino } from 'pino'

/** The part of pino that the house uses. */
export type Logger = {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

// Redaction is the second lock: nothing should put these into a log line in the first place.
const secretPaths = ['password', 'secret', 'token', 'authorization', 'cookie', 'signature'].flatMap((name) => [name, `*.${name}`, `*.*.${name}`])

/** JSON lines on `destination` (a file path, or standard error). */
export function openLog(options: { level: string; destination?: string }): Logger & { flush(): void } {
  return pino(
    { level: options.level, base: null, redact: { paths: secretPaths, censor: '[redacted]' } },
    pino.destination({ dest: options.destination ?? 2, sync: options.destination === undefined, mkdir: true }),
  )
}

export const silentLog: Logger = { debug() {}, info() {}, warn() {}, error() {} }
