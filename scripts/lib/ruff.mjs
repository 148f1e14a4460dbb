// Where Python's formatter and linter is, in the one version training/pyproject.toml pins: another would format otherwise.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './node.mjs'

const BIN = process.platform === 'win32' ? 'Scripts' : 'bin'
/** The training's environment, the one scripts/test-training.sh makes, and whatever is on the path. */
const PLACES = [join(ROOT, '.data/training/venv', BIN, 'ruff'), join(ROOT, '.data/training-tests', BIN, 'ruff'), 'ruff']

/** @returns {{ pinned: string, command: string | undefined }} the version asked for, and the ruff that is it. */
export function findRuff() {
  const pinned = /"ruff==([\d.]+)"/.exec(readFileSync(join(ROOT, 'training/pyproject.toml'), 'utf8'))[1]
  const isPinned = (command) =>
    spawnSync(command, ['--version'], { encoding: 'utf8' }).stdout?.trim() === `ruff ${pinned}`
  return { pinned, command: PLACES.find(isPinned) }
}
