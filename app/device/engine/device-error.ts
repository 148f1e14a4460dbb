// What can go wrong when a picture is made on the visitor's own device, and what the person can do about it. Closed: interfaces
// switch over the code. What breaks a rule of the recipe is a RangeError of the core, passed on as `recipe-refused`.

interface DeviceErrorFacts {
  /** What happened and what to do next, in plain words. */
  readonly message: string
  /** Whether the same call may succeed when it is simply made again. */
  readonly retryable: boolean
}

export const DEVICE_ERRORS = {
  'no-webgpu': {
    message: 'This browser offers no graphics card to web pages. The processor can make the picture, only slower.',
    retryable: false,
  },
  'device-lost': {
    message: 'The graphics card stopped answering. Nothing is lost: make the picture again, or let the server make it.',
    retryable: true,
  },
  'out-of-memory': {
    message: 'This device has too little free memory. Close other tabs or choose a smaller size, or use the server.',
    retryable: true,
  },
  'quota-exceeded': {
    message: 'This browser has no room left for the model. Remove models under Storage or free disk space, then go on.',
    retryable: true,
  },
  'no-opfs': {
    message: 'This window keeps no files, as private windows do. The model is loaded for this visit only.',
    retryable: false,
  },
  'download-cut': {
    message: 'The download was interrupted. What has arrived is kept; going on continues from there.',
    retryable: true,
  },
  'download-stalled': {
    message: 'The download stopped moving. What has arrived is kept; going on continues from there.',
    retryable: true,
  },
  'download-refused': {
    message: 'The server does not offer this file of the model any more. Reload the page to get the current model.',
    retryable: false,
  },
  'download-wrong-bytes': {
    message: 'A downloaded file was not what the model says it is, so it was thrown away. Download it again.',
    retryable: true,
  },
  'download-wrong-length': {
    message: 'The server sent a file of the wrong length, so it was thrown away. Download it again.',
    retryable: true,
  },
  'range-not-satisfiable': {
    message: 'The kept part of a download no longer fits the file, so it was thrown away. Download it again.',
    retryable: true,
  },
  'stored-file-corrupt': {
    message: 'A stored file of the model was damaged, so it was thrown away. Download the model again.',
    retryable: true,
  },
  'in-use': {
    message: 'Another tab is downloading this model. Pause it or let it finish, then remove the model.',
    retryable: true,
  },
  'weights-missing': {
    message: 'The model is not on this device any more. Download it again.',
    retryable: true,
  },
  'engine-files-missing': {
    message: 'The program that runs models could not be loaded. Check the connection, then reload the page.',
    retryable: true,
  },
  'engine-stopped': {
    message: 'The engine stopped unexpectedly. Nothing is lost: make the picture again.',
    retryable: true,
  },
  unfit: {
    message: 'This device cannot run the model. The server can.',
    retryable: false,
  },
  'recipe-refused': {
    message: 'The model cannot make a picture with these settings.',
    retryable: false,
  },
  'not-finite': {
    message: 'The model computed nonsense on this device. Another weights variant, or the server, makes the picture.',
    retryable: false,
  },
  canceled: {
    message: 'Stopped.',
    retryable: true,
  },
  internal: {
    message: 'Something went wrong on this device. Make the picture again, or let the server make it.',
    retryable: true,
  },
} as const satisfies Record<string, DeviceErrorFacts>

export type DeviceErrorCode = keyof typeof DEVICE_ERRORS

/** `detail` names the rule and the received value, for the log and for "Details"; `message` is for the person. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError'
  readonly code: DeviceErrorCode
  readonly retryable: boolean
  readonly detail: string | undefined

  constructor(code: DeviceErrorCode, detail?: string, options?: ErrorOptions) {
    super(DEVICE_ERRORS[code].message, options)
    this.code = code
    this.retryable = DEVICE_ERRORS[code].retryable
    this.detail = detail
  }
}
