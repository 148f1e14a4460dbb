// A model's whole manifest, file list included: what the device engine works from. `model.list` leaves the list out, as most
// visitors never need it.
import { type ModelManifest, modelManifestSchema } from '#contracts/model-manifest.ts'
import { DeviceError } from './device-error.ts'

/** Pinned to its hash, so browsers keep it for good and the Studio has it without a network. */
export async function fetchManifest(model: { readonly id: string; readonly hash: string }): Promise<ModelManifest> {
  const address = `/api/models/${encodeURIComponent(model.id)}/dewpoint.json?model=${model.hash}`
  const response = await fetch(address).catch((cause: unknown) => {
    throw new DeviceError('download-cut', `${address} could not be reached`, { cause })
  })
  if (!response.ok) throw new DeviceError('download-refused', `${address} answered ${response.status}`)
  const manifest = modelManifestSchema.parse(await response.json())
  if (manifest.hash !== model.hash) {
    throw new DeviceError('download-refused', `${address} is of release ${manifest.hash}, not ${model.hash}`)
  }
  return manifest
}
