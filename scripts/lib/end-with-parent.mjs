// Preloaded into child processes: when the launcher is gone, even by kill -9, the child asks itself to stop as well,
// so that no website or worker is left holding a port.
if (process.channel) {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  // Listening must not keep a child alive that has finished.
  process.channel.unref()
}
