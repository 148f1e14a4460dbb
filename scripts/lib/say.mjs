// What the set-up commands say, and how they give up: one plain message, no stack, a non-zero exit code.

/** A failure a person can act on; anything else is a bug and keeps its stack. */
export class SetupError extends Error {
  /** Errors of parts that know nothing of these commands say the same of themselves. */
  isForPeople = true

  constructor(message, options) {
    super(message, options)
    this.name = 'SetupError'
  }
}

export const say = (text) => process.stdout.write(`${text}\n`)

/** Runs a command's main function; the only place that turns a failure into words and an exit code. */
export async function runMain(main) {
  try {
    await main()
  } catch (error) {
    process.stderr.write(`\n${inWords(error)}\n`)
    process.exitCode = 1
  }
}

/** What the system refused for a reason outside the program: rights, room, a network that is not there. */
const SYSTEM = {
  ENOSPC: 'The disk is full. Free some space and run the command again; nothing is half done.',
  EDQUOT: 'Your share of the disk is used up. Free some space and run the command again; nothing is half done.',
  EROFS: 'This disk is read-only.',
  EACCES: 'You may not write to or read from this place.',
  EPERM: 'The system does not allow this.',
  EMFILE: 'The system allows too few open files (ulimit -n).',
  ENFILE: 'The system has too many open files.',
  ENOMEM: 'There is not enough memory.',
}

function inWords(error) {
  if (error?.isForPeople === true) return error.message
  const words = SYSTEM[error?.code]
  return words === undefined ? (error?.stack ?? String(error)) : `${words} (${error.message})`
}
