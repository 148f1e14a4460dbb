// Preloaded into child processes: when the launcher is gone, even by kill -9, the child asks itself to stop as well, so that no
// website or worker is left holding a port; and ends for good when it has not stopped by then (a database that died with the
// launcher can keep it asking).

/** A worker takes up to its drain bound, 10 s under `npm start`. */
const STOP_MAX_MS = 20_000

if (process.channel) {
  process.once('disconnect', () => {
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), STOP_MAX_MS).unref()
    process.kill(process.pid, 'SIGTERM')
  })
  // Listening must not keep a child alive that has finished.
  process.channel.unref()
}
