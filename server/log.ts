// Structured logs, one JSON line each, to standard output. Never a prompt, a picture, a cookie, a token or an address of a person.
import { type DestinationStream, type Logger, pino } from 'pino'

export type Log = Logger

export function createLog(level: string, destination?: DestinationStream): Log {
  const options = {
    level,
    name: 'web',
    // A second net under "do not log it": fields that must never be seen, wherever they turn up.
    redact: {
      paths: [
        'prompt',
        '*.prompt',
        'negativePrompt',
        '*.negativePrompt',
        'recipe',
        '*.recipe',
        'authorization',
        '*.authorization',
        'cookie',
        '*.cookie',
        'password',
        '*.password',
        'email',
        '*.email',
        'token',
        '*.token',
      ],
      censor: '[left out]',
    },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}
