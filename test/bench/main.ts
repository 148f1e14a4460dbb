// `npm run bench -- <name> [options]`: runs test/bench/<name>.ts and prints what it measured, as a table and as JSON.
import { existsSync, readdirSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { basename } from 'node:path'
import type { Benchmark } from './measure.ts'

const HERE = new URL('.', import.meta.url)
/** Files here that measure nothing by themselves. */
const HELPERS = new Set(['browser-pages.ts', 'main.ts', 'measure.ts', 'network-rows.ts', 'sd15-unet.ts'])

const [name, ...options] = process.argv.slice(2)
const known = readdirSync(HERE)
  .filter((file) => file.endsWith('.ts') && !HELPERS.has(file))
  .map((file) => basename(file, '.ts'))
if (name === undefined || !known.includes(name) || !existsSync(new URL(`${name}.ts`, HERE))) {
  process.stderr.write(`Usage: npm run bench -- <name>; known: ${known.join(', ')}\n`)
  process.exit(2)
}
const benchmark: { default: Benchmark } = await import(new URL(`${name}.ts`, HERE).href)
const startedAt = new Date()
const rows = await benchmark.default(options)
const [cpu] = cpus()
const machine = {
  cpu: cpu?.model ?? 'unknown',
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 2 ** 30),
  platform: `${process.platform} ${process.arch}`,
  node: process.versions.node,
}
console.log(JSON.stringify({ benchmark: name, startedAt, machine, rows }, null, 2))
console.table(
  rows.map(({ what, median, unit, runs, spread, target, met }) => ({ what, median, unit, runs, spread, target, met })),
)
process.exit(rows.some(({ met }) => met === false) ? 1 : 0)
