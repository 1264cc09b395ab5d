// Printers that print whatever they are sent. They are asked in their own language, which prints nothing (HP's PJL: "INFO ID"); whoever answers in HTTP is none.
import { upTo } from './conversation.ts'
import type { Protocol } from './model.ts'

const leave = '\x1b%-12345X'

export const printer: Protocol = {
  name: 'pdl-datastream',
  greeting: () => `${leave}@PJL INFO ID\r\n${leave}`,
  recognise: heard => (/^@PJL INFO ID\b/.test(heard) ? 1 : 0),
  async examine(service) {
    const answer = await service.conversation.hear(upTo(/\f|"\r?\n/)) ?? service.banner
    const name = /^@PJL INFO ID\s+"?([^"\r\n\f]{1,120})/.exec(answer)?.[1]
    if (name !== undefined) service.tell('hardware', name)
    service.find('service.printer_exposed', { en: `a printer: ${name ?? 'it does not say which'}`, ko: `프린터: ${name ?? '모델을 밝히지 않음'}` })
  },
}
