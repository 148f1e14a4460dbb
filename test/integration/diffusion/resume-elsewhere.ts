// Another process for resume.test.ts: a snapshot on stdin, the finished run's snapshot on stdout.
import { text } from 'node:stream/consumers'
import { loadTiny } from './tiny-models.ts'

const pipeline = await loadTiny('sd1')
const run = await pipeline.resume(JSON.parse(await text(process.stdin)))
while (!run.done) await run.advance()
process.stdout.write(JSON.stringify(run.snapshot()))
await pipeline.dispose()
