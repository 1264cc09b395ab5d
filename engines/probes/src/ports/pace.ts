// How many connects at a time, and how long to wait for each: TCP's way (RFC 5681, RFC 6298) over whole batches. Invariant: a loss halves what is under way, more
// is under way only as long as more is answered for it, what no slower pace brings back is no loss, and nobody waits longer than the run allows (pace.test.ts).
import type { PortBatch } from '../network.ts'

/** `ports`: of the next batch. */
export type Step = { readonly concurrency: number; readonly timeoutMs: number; readonly ports: number }

export const leastConcurrency = 8
export const mostConcurrency = 1024
const firstConcurrency = 128
/** Without any answer yet; RFC 6298, section 2.1 has a second, too. */
const patienceMs = 1_000
/** The answers of a near host are late because this machine is busy, not because of the way. */
const shortestMs = 120
const longestBackoff = 8
/** A batch ends with its slowest, and many rounds of connects make up for that. But what is stopped, or no longer allowed, ends with its batch. */
const longestBatchMs = 1_500
/** If nothing answers any more in the middle of it. */
const longestSilenceMs = 4_000
/** So many halvings, and still as few answers: that is how the host is, not the way. */
const patientHalvings = 3

export interface Pace {
  /** `attempt`: 1 for ports that were never asked, and more patience for each time that they were. */
  next(attempt: number): Step
  /** `isSample`: its ports were drawn from all, so that its answers may be compared with those of other batches. */
  learn(batch: PortBatch, isSample: boolean): void
  /** Answers were lost on the way. */
  lose(): void
}

/** `longestMs`: no connect waits longer. */
export function createPace(longestMs: number): Pace {
  let concurrency = firstConcurrency
  let beforeLoss = firstConcurrency
  let losses = 0
  let roundTripMs: number | null = null
  let backoff = 1
  let isGrowing = true
  let fastest = 0
  /** A batch tells what to expect of the next. */
  let isSteady = true
  let answered = 0
  let asked = 0

  const timeoutOf = (attempt: number): number => Math.min(longestMs, backoff * (roundTripMs === null ? patienceMs * attempt : Math.max(shortestMs, 4 * attempt * roundTripMs)))

  function lose(): void {
    if (losses++ === 0) beforeLoss = concurrency
    isGrowing = false
    concurrency = Math.max(leastConcurrency, concurrency >> 1)
    backoff = Math.min(longestBackoff, backoff * 2)
  }

  return {
    next(attempt) {
      const timeoutMs = timeoutOf(attempt)
      const perConnectMs = answered * 2 < asked || roundTripMs === null ? timeoutMs : roundTripMs
      const rounds = Math.floor(Math.min(longestBatchMs / perConnectMs, longestSilenceMs / timeoutMs))
      return { concurrency, timeoutMs, ports: concurrency * Math.max(1, rounds) }
    },
    learn({ states, durationMs, slowestAnswerMs, notBegun }, isSample) {
      let answers = 0
      for (const state of states) if (state !== 'filtered') answers++
      // Up at once, down slowly.
      if (slowestAnswerMs !== null) roundTripMs = roundTripMs === null || slowestAnswerMs > roundTripMs ? slowestAnswerMs : (3 * roundTripMs + slowestAnswerMs) / 4
      if (notBegun > 0) {
        lose()
        return
      }
      if (isSample && isSteady && isLess(answers, states.length, answered, asked)) {
        if (losses < patientHalvings) {
          lose()
          return
        }
        concurrency = beforeLoss
        isSteady = false
      }
      losses = 0
      backoff = 1
      if (isSample) {
        answered += answers
        asked += states.length
      }
      const speed = states.length / Math.max(durationMs, 0.001)
      if (states.length < concurrency) return
      if (isGrowing && speed > fastest * 1.5) {
        concurrency = Math.min(mostConcurrency, concurrency * 2)
        isGrowing = concurrency < mostConcurrency
      } else if (isGrowing) {
        // The last doubling was for nothing.
        isGrowing = false
        concurrency = Math.max(firstConcurrency, concurrency >> 1)
      // Where most is silence, only waiting for more at a time is faster.
      } else if (answers * 2 < states.length) concurrency = Math.min(mostConcurrency, concurrency + (concurrency >> 2))
      fastest = Math.max(fastest, speed)
    },
    lose,
  }
}

/** Whether `answers` of `count` are fewer than `answered` of `asked` let expect: by more than chance (four deviations) and than matters (a fiftieth). */
function isLess(answers: number, count: number, answered: number, asked: number): boolean {
  if (asked === 0) return false
  const share = answered / asked
  return answers < count * share - 4 * Math.sqrt(count * share * (1 - share)) - count / 50
}
