// The only place that reads the machine's clock (tests/arch forbids Date.now and SQL now() elsewhere).
/** Milliseconds since the epoch, UTC. */
export type Clock = { now(): number }

export const systemClock: Clock = { now: () => Date.now() }

/** A clock that moves only when told, for tests. */
export function manualClock(start: number): Clock & { advance(milliseconds: number): void } {
  let time = start
  return { now: () => time, advance: (milliseconds) => { time += milliseconds } }
}
