// Next's start hook. The container is made here and not at the first request, so that images of silent workers are taken
// back, and a wrong environment is told, whether or not anybody has opened the page.
export async function register(): Promise<void> {
  // Next bundles this hook for every runtime it knows and replaces this name as it builds; the container exists in Node alone.
  // biome-ignore lint/style/noProcessEnv: a build-time constant, not configuration
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { startServer } = await import('#server/start.ts')
    await startServer()
  }
}
