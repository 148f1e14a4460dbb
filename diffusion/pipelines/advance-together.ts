// Several runs, one U-Net call: how a device that is faster in batches serves many people at once. Runs may be at different steps
// and of different recipes; those whose rows cannot stand in one tensor get a call of their own.
// Meant for a worker on a graphics card; today's advances one run at a time (docs/decisions/0005-one-image-one-batch.md).
import type { UNet, UNetOutput, UNetRow } from '../model/unet.ts'
import type { PreparedCall, Run, StepReport } from './run.ts'

/**
 * Every run makes its next call. One that was aborted or whose latents overflowed fails alone; a failing engine fails the runs of
 * that call. A run that failed has not moved.
 *
 * A batch of another size may sum in another order: within 1e-4 of the run alone, and on engines whose kernels do not depend on the
 * batch, the same bits.
 * @returns what became of each, in the order of the runs.
 */
export async function advanceTogether(runs: readonly Run[]): Promise<PromiseSettledResult<StepReport>[]> {
  const prepared = await Promise.allSettled(runs.map((run) => run.prepareCall()))
  const calls = prepared.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const answers = new Map<PreparedCall, () => readonly UNetOutput[]>()
  // One graph at a time: the engine would only queue the second behind the first.
  for (const group of groupCalls(calls)) {
    const [result] = await Promise.allSettled([predict(group)])
    let start = 0
    for (const call of group) {
      const from = start
      start += call.rows.length
      answers.set(call, () => fulfilled(result).slice(from, from + call.rows.length))
    }
  }
  return Promise.allSettled(
    prepared.map(async (result) => {
      const call = fulfilled(result)
      return call.accept(answers.get(call)?.() ?? [])
    }),
  )
}

function fulfilled<Value>(result: PromiseSettledResult<Value>): Value {
  if (result.status === 'rejected') throw result.reason
  return result.value
}

async function predict([first, ...others]: readonly PreparedCall[]): Promise<UNetOutput[]> {
  if (first === undefined) return []
  const [row, ...rest] = first.rows
  return first.unet.predict([row, ...rest, ...others.flatMap(({ rows }) => rows)])
}

function groupCalls(calls: readonly PreparedCall[]): PreparedCall[][] {
  const groups: PreparedCall[][] = []
  for (const call of calls) {
    const group = groups.find(
      ([first]) => first?.unet === call.unet && canShare(call.unet, first.rows[0], call.rows[0]),
    )
    if (group) group.push(call)
    else groups.push([call])
  }
  return groups
}

/** One tensor has one shape, and some exports take one timestep for all of it. */
function canShare(unet: UNet, a: UNetRow, b: UNetRow): boolean {
  const sameSize = a.size.width === b.size.width && a.size.height === b.size.height
  const sameText = a.conditioning.hidden.length === b.conditioning.hidden.length
  return sameSize && sameText && (unet.timestepPerRow || a.timestep === b.timestep)
}
