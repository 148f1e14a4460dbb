// The English catalogue, part two: where pictures run, those made on this device, and what this browser keeps.

const count = (n: number, one: string, many: string): string => (n === 1 ? one : many.replace('#', String(n)))

/** 850 kB, 18 MB, 1.2 GB: two figures where they say something. */
const size = (bytes: number): string => {
  // Something is never nothing.
  if (bytes < 1e6) return `${bytes === 0 ? 0 : Math.max(1, Math.round(bytes / 1e3))} kB`
  if (bytes < 1e9) return `${(bytes / 1e6).toLocaleString('en', { maximumFractionDigits: bytes < 1e7 ? 1 : 0 })} MB`
  return `${(bytes / 1e9).toLocaleString('en', { maximumFractionDigits: 1 })} GB`
}

const time = (seconds: number): string => {
  if (seconds < 60) return `about ${Math.max(1, Math.round(seconds))} s`
  return `about ${Math.round(seconds / 60)} min`
}

export const enDevice = {
  place: {
    label: 'Where it runs',
    places: { auto: 'Auto', server: 'Server', device: 'This device' },
    /** For all pictures of a click. */
    time,
    serverNobody: 'nobody there to run it',
    noEstimate: 'no estimate yet',
    looking: 'looking',
    download: (bytes: number): string => `${size(bytes)} to download, once`,
    unmeasured: 'not measured yet',
    unfit: 'not for this model',
    offline: 'no connection',
    why: {
      offline: 'This device: there is no connection.',
      'server-only': 'Server: only it can start from a picture.',
      unfit: 'Server: this device cannot run the model.',
      allowance: 'This device: today’s allowance is used up, and here it is free.',
      'no-worker': 'This device: nothing runs this model on the server right now.',
      'nobody-ready': 'Server, though nothing runs this model there now. This device can, after a download.',
      'not-downloaded': 'Server: the model is not on this device yet.',
      'not-measured': 'Server: how fast this device is has not been measured yet.',
      'device-faster': 'This device: it is the faster one, and free.',
      'device-free': 'This device: nearly as fast, and free.',
      'server-faster': 'Server: it is the faster one.',
      looking: 'Server, until this device has been looked at.',
    },
    unfitHere: (reason: string): string => `On the server only. ${reason}`,
    inputOnServer: 'Starting from a picture works on the server only.',
    measure: 'Measure this device',
    measuring: 'Measuring',
    measureFailed: 'This device could not be measured.',
    measured: (gpu: string): string => `Measured on ${gpu}`,
    save: 'Save to my history',
    saveHint: 'Off: pictures made on this device stay in this browser, and their prompts with them.',
    saveSignedOut: 'Pictures made on this device stay in this browser. Nothing is sent.',
    storage: 'Storage',
    free: 'Made on this device: free, no allowance used',
    freeDownload: (bytes: number): string => `Made on this device: free, after a download of ${size(bytes)}`,
  },

  device: {
    tabTitle: (step: number, steps: number): string => `${step}/${steps} · Dewpoint`,
    here: 'On this device',
    waiting: 'Waiting for the picture before it',
    elsewhere: 'Another tab is making it',
    loading: 'Reading the model',
    askTitle: (bytes: number): string => `The model comes first: ${size(bytes)}, once`,
    ask: 'It stays in this browser, for this picture and all that follow, also without a connection.',
    askAgree: (bytes: number): string => `Download ${size(bytes)}`,
    downloading: (done: number, total: number): string => `Downloading the model, ${size(done)} of ${size(total)}`,
    paused: (done: number, total: number): string => `Download paused at ${size(done)} of ${size(total)}`,
    pause: 'Pause',
    resume: 'Resume',
    retry: 'Try again here',
    askServer: 'Make it on the server',
    askServerHint: 'Nothing of this picture has been sent. The server would be sent its prompt.',
    onlyHere: 'Only in this browser',
    waitingToSave: 'Saved to your history when the connection is back',
    saving: 'Saving to your history',
    refused: (reason: string): string => `Not saved to your history: ${reason}`,
    unstored: 'This browser has no room for it. Save it to your history or download it before closing the page.',
    fleeting: 'This window keeps nothing. Save or download what you want to keep before closing it.',
    save: 'Save to history',
    saveMany: (n: number): string => count(n, 'Save 1 picture', 'Save # pictures'),
    saveTitle: (n: number): string =>
      count(n, '1 picture is only in this browser.', '# pictures are only in this browser.'),
    saveHint: (n: number): string =>
      count(
        n,
        'Saving sends it, with its prompt, to your history.',
        'Saving sends them, with their prompts, to your history.',
      ),
    notNow: 'Not now',
    signInToSave: 'Sign in to save',
    deleted: (n: number): string => count(n, 'Picture deleted', '# pictures deleted'),
    refusedRecipe: 'These settings cannot be made on this device.',
    offline: 'No connection. This device goes on making pictures; they are saved when it is back.',
  },

  storage: {
    title: 'Storage',
    lead: 'What this browser keeps on this device. Other browsers and devices have their own.',
    models: 'Models',
    modelsNone: 'No model is stored here. The first picture made on this device downloads one.',
    modelSize: (bytes: number, complete: boolean): string => (complete ? size(bytes) : `${size(bytes)}, incomplete`),
    current: 'In use',
    old: 'An older release: only pictures under way still need it',
    lastUsed: 'Last used',
    remove: 'Remove',
    removeNamed: (name: string, bytes: number): string => `Remove ${name}, ${size(bytes)}`,
    removed: (name: string): string => `${name} removed`,
    removeFailed: 'That could not be removed. Close other tabs of Dewpoint and try again.',
    pictures: 'Pictures',
    picturesNone: 'Every picture made here is in your history, or none was made yet.',
    picturesCount: (n: number): string => count(n, '1 picture only in this browser', '# pictures only in this browser'),
    picturesWaiting: (n: number): string =>
      count(n, '1 picture waits to be saved to your history', '# pictures wait to be saved to your history'),
    picturesOthers: (n: number): string =>
      count(n, '1 picture belongs to someone who signed out', '# pictures belong to someone who signed out'),
    picturesOthersHint: 'Shown to them, and saved, when they sign in again.',
    removePictures: (n: number): string => count(n, 'Delete 1 picture', 'Delete # pictures'),
    removePicturesAsk: 'Delete these for good?',
    removePicturesHint: 'They are nowhere else.',
    program: 'Offline copy',
    programHint: 'The Studio itself, so that it opens without a connection.',
    quota: 'Room',
    quotaUsed: (used: number, quota: number): string => `${size(used)} of ${size(quota)} used`,
    quotaUnknown: 'This browser does not say how much room there is.',
    persisted: 'The browser keeps this until you remove it.',
    notPersisted: 'The browser may clear this when the disk gets full.',
    persist: 'Ask the browser to keep it',
    persistRefused: 'The browser decided not to promise that. It may, once you use Dewpoint more often.',
    failed: 'What is stored could not be read.',
    loading: 'Looking at what is stored',
    size,
  },
}
