// Feeds arrive in pieces. Lines are cut at line ends; of a JSON document the objects inside its outer list are cut out as they come, so that a catalogue of any size costs one entry of
// memory, and one that ends early gives what was whole. Defended by framing.test.ts: how the text is cut into pieces changes nothing.
import { longestEntry } from './reading.ts'

export type Framer = {
  write(piece: string): void
  /** What is left. `whole` is false where the text ends inside something. */
  end(): { readonly whole: boolean }
}
export type Frame = { readonly text: string; /** From 1. */ readonly number: number; /** Longer than an entry may be; its text is cut. */ readonly tooLong: boolean }

export function lineFramer(take: (frame: Frame) => void): Framer {
  let rest = ''
  let number = 0
  const line = (text: string) => {
    number += 1
    const tooLong = text.length > longestEntry
    if (text.trim() !== '') take({ text: tooLong ? text.slice(0, 200) : text, number, tooLong })
  }
  return {
    write(piece) {
      let from = 0
      for (let end = piece.indexOf('\n'); end !== -1; end = piece.indexOf('\n', from)) {
        line(rest + piece.slice(from, end))
        rest = ''
        from = end + 1
      }
      // What is too long is not gathered further.
      if (rest.length <= longestEntry) rest += piece.slice(from)
    },
    end() {
      const whole = rest.trim() === ''
      if (!whole) line(rest)
      rest = ''
      return { whole: true }
    },
  }
}

/** Objects whose parent is a list at the top or a list that is a member of the object at the top. What else there is at the top comes as one frame of number 0 at the end: the document with empty lists. */
export function elementFramer(take: (frame: Frame) => void): Framer {
  const stack: ('{' | '[')[] = []
  let inString = false
  let escaped = false
  let skeleton = ''
  let element = ''
  let number = 0
  /** How deep the element that is being read began; 0 outside of one. */
  let began = 0
  let tooLong = false
  return {
    write(piece) {
      let from = 0
      // From `from` to `to` belongs to the element, or to the skeleton outside of one.
      const keep = (to: number) => {
        if (began > 0) {
          if (!tooLong) element += piece.slice(from, to)
          tooLong ||= element.length > longestEntry
        } else if (skeleton.length <= longestEntry) skeleton += piece.slice(from, to)
        from = to
      }
      for (let at = 0; at < piece.length; at++) {
        const code = piece.charCodeAt(at)
        if (inString) {
          if (escaped) escaped = false
          else if (code === 92) escaped = true
          else if (code === 34) inString = false
          continue
        }
        if (code === 34) inString = true
        else if (code === 123 || code === 91) {
          if (began === 0 && code === 123 && stack.at(-1) === '[' && stack.length <= 2) {
            keep(at)
            // A place is kept in the skeleton, so that the list stays one.
            skeleton += '0'
            began = stack.length + 1
          }
          stack.push(code === 123 ? '{' : '[')
        } else if (code === 125 || code === 93) {
          stack.pop()
          if (began > 0 && stack.length < began) {
            keep(at + 1)
            number += 1
            take({ text: tooLong ? element.slice(0, 200) : element, number, tooLong })
            element = ''
            tooLong = false
            began = 0
          }
        }
      }
      keep(piece.length)
    },
    end() {
      const whole = stack.length === 0 && !inString && skeleton.trim() !== ''
      take({ text: skeleton, number: 0, tooLong: skeleton.length > longestEntry })
      return { whole }
    },
  }
}

const longestDocument = 384 * 1024 * 1024

/** A document that can only be read whole. */
export function wholeFramer(take: (frame: Frame) => void): Framer {
  const pieces: string[] = []
  let length = 0
  return {
    write(piece) {
      length += piece.length
      if (length <= longestDocument) pieces.push(piece)
    },
    end() {
      if (length > 0) take({ text: pieces.join(''), number: 1, tooLong: length > longestDocument })
      return { whole: true }
    },
  }
}
