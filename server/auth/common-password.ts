// Passwords anybody would try first. NIST SP 800-63B asks for a list of common ones to be refused, and for nothing else about their
// make-up; a list holds millions, but those of ten characters and more are nearly all one of few patterns, so the patterns are refused.

/** What the long entries of the published lists are made of, once digits and signs around them are gone. */
const WORDS = new Set(
  `password passwort passw0rd pass word contraseña motdepasse qwerty qwertz azerty asdf zxcv iloveyou letmein welcome admin administrator
  superman batman spiderman princess sunshine football baseball basketball monkey dragon master shadow michael jennifer jordan
  computer internet changeme changeit secret default guest login trustno starwars pokemon liverpool chelsea arsenal barcelona
  manchester whatever freedom hello helloworld charlie jessica ashley daniel thomas matthew anthony nicole samantha elizabeth
  blink chocolate butterfly tinkerbell unknown fuckyou asshole cheese summer winter spring autumn january february december
  november october september dewpoint latentdiffusion stablediffusion correcthorsebatterystaple`.split(/\s+/),
)
const ROWS = [
  '1234567890',
  'qwertyuiop',
  'qwertzuiop',
  'azertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'abcdefghijklmnopqrstuvwxyz',
]
const LEET: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
}
/** Fewer different characters than this is one key held down, or a few in turn. */
const DIFFERENT_MIN = 5

/** @param own what else a guesser knows: the address's first part, the name. */
export function isCommonPassword(password: string, own: readonly string[] = []): boolean {
  const text = password.normalize('NFKC').toLowerCase()
  if (new Set(text).size < DIFFERENT_MIN) return true
  if (own.some((word) => isWithLittleMore(text, word.toLowerCase()))) return true
  if (isRepeated(text) || isAlongKeys(text)) return true
  const trimmed = text.replace(/[^\p{L}]+$/u, '')
  const bare = trimmed.replace(/^[^\p{L}]+/u, '')
  const spelled = trimmed.replace(/./gu, (character) => LEET[character] ?? character)
  const known = [...WORDS, ...own.map((word) => word.toLowerCase()).filter((word) => word.length >= 4)]
  return [bare, spelled, bare.replace(/[\s._-]/g, '')].some((word) => isMadeOf(word, known))
}

const isRepeated = (text: string) => /^(.{1,5}?)\1+.{0,2}$/u.test(text)

/** Digits only, or a walk along a row of keys or the alphabet, in pieces of three and more. */
function isAlongKeys(text: string): boolean {
  if (/^\d+$/.test(text) && text.length < 16) return true
  const rows = ROWS.flatMap((row) => [row, [...row].reverse().join('')])
  let at = 0
  while (at < text.length) {
    let length = text.length - at
    while (length >= 3 && !rows.some((row) => row.includes(text.slice(at, at + length)))) length -= 1
    if (length < 3) return at > 0 && text.length - at <= 2
    at += length
  }
  return true
}

const isWithLittleMore = (text: string, word: string) =>
  word.length >= 4 && text.startsWith(word) && text.length - word.length <= 4

/** One or two of the words, and nothing more. */
function isMadeOf(text: string, words: readonly string[]): boolean {
  return words.some((word) => text === word || (text.startsWith(word) && words.includes(text.slice(word.length))))
}
