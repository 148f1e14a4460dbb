// What the set-up commands say, and how they give up: one plain message, no stack, a non-zero exit code.

/** A failure a person can act on; anything else is a bug and keeps its stack. */
export class SetupError extends Error {
  constructor(message, exitCode = 1) {
    super(message)
    this.name = 'SetupError'
    this.exitCode = exitCode
  }
}

export const say = (text) => process.stdout.write(`${text}\n`)

/** Runs a command's main function; the only place that turns a failure into words and an exit code. */
export async function runMain(main) {
  try {
    await main()
  } catch (error) {
    const outOfSpace = error?.code === 'ENOSPC'
    if (outOfSpace) {
      process.stderr.write('\nThe disk is full. Free some space and run the command again; nothing is half done.\n')
    } else {
      process.stderr.write(`\n${error instanceof SetupError ? error.message : (error?.stack ?? error)}\n`)
    }
    process.exitCode = error?.exitCode ?? 1
  }
}
