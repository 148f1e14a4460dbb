// What a page offers the device tests: the engine as the Studio gets it, over the worker that scripts/build-engine.ts built.
export { createDeviceEngine } from '#app/device/create-device-engine.ts'
export { fetchManifest } from '#app/device/fetch-manifest.ts'
