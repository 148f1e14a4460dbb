// `npm run generate -- "a panda eating tacos at the beach"`: the core from the command line, without database or web.
// Exit codes: 0 made (or reproduced), 1 failed (or other pixels came out), 2 the input breaks a rule, 130 stopped with Ctrl-C.
import { DewpointError } from '#contracts/errors.ts'
import { AbortedError } from '#diffusion/errors.ts'
import { readEngineEnv } from '../env.ts'
import { type GenerateArguments, parseGenerateArguments, USAGE, UsageError } from './arguments.ts'

/** Loads what runs models only now, so that help and mistyped options are answered at once. @returns the exit code. */
async function run(args: GenerateArguments, signal: AbortSignal): Promise<number> {
  const env = readEngineEnv()
  if (args.reproducePath !== undefined) {
    const { reproducePicture } = await import('./reproduce-picture.ts')
    return (await reproducePicture(args.reproducePath, args, env, signal)) ? 0 : 1
  }
  const { generatePictures } = await import('./generate-pictures.ts')
  await generatePictures(args, env, signal)
  return 0
}

/** What went wrong in words, and the exit code that says whose turn it is. */
function explain(error: unknown): { message: string; exitCode: number } {
  if (error instanceof AbortedError)
    return { message: 'Stopped; the picture in the making was not written.', exitCode: 130 }
  const message = error instanceof Error ? error.message : String(error)
  const isUsage = error instanceof UsageError || error instanceof RangeError || error instanceof DewpointError
  return { message, exitCode: isUsage ? 2 : 1 }
}

const controller = new AbortController()
process.once('SIGINT', () => {
  // The second Ctrl-C finds the default handler and ends the process at once.
  process.stderr.write('\nStopping after this step …\n')
  controller.abort()
})
try {
  const args = parseGenerateArguments(process.argv.slice(2))
  if (args === null) process.stdout.write(`${USAGE}\n`)
  else process.exitCode = await run(args, controller.signal)
} catch (error) {
  const { message, exitCode } = explain(error)
  process.stderr.write(`${message}\n`)
  process.exitCode = exitCode
}
