// The WebGPU device a model runs on, with as much as the adapter gives, and the moment it is lost.
import { DeviceError } from './device-error.ts'
import { requestAdapter } from './device-facts.ts'

export interface OpenGpu {
  readonly device: GPUDevice
  /** Rejects with a DeviceError `device-lost`, or `out-of-memory` where that is what went before; never resolves. */
  readonly lost: Promise<never>
}

/**
 * A device that goes takes its buffers with it, and their errors may be heard before the loss itself: the loss is what to tell the
 * person, so other errors wait this long for it.
 */
export const LOSS_TOLD_WITHIN_MS = 250

/** ORT asks for what a graph needs; limits are the adapter's, or large models fail where they need not. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxStorageBuffersPerShaderStage',
] as const
const FEATURES = ['shader-f16', 'subgroups', 'timestamp-query'] as const

/** @throws DeviceError `no-webgpu`. */
export async function openGpu(): Promise<OpenGpu> {
  const adapter = await requestAdapter()
  if (adapter === null) throw new DeviceError('no-webgpu', 'requestAdapter gave none')
  const device = await adapter
    .requestDevice({
      requiredFeatures: FEATURES.filter((feature) => adapter.features.has(feature)),
      requiredLimits: Object.fromEntries(LIMITS.map((limit) => [limit, adapter.limits[limit]])),
    })
    .catch((cause: unknown) => {
      throw new DeviceError('no-webgpu', 'requestDevice refused', { cause })
    })
  const ended = Promise.withResolvers<never>()
  // Heard by whoever runs something on the device; nobody may be.
  ended.promise.catch(() => undefined)
  // Errors outside any scope: ORT checks no result of its buffer allocations itself.
  device.addEventListener('uncapturederror', ({ error }) => {
    if (error instanceof GPUOutOfMemoryError) return ended.reject(new DeviceError('out-of-memory', error.message))
    setTimeout(() => ended.reject(new DeviceError('internal', error.message)), LOSS_TOLD_WITHIN_MS)
  })
  void device.lost.then(({ reason, message }) => {
    ended.reject(new DeviceError('device-lost', `${reason}: ${message}`))
  })
  return { device, lost: ended.promise }
}
