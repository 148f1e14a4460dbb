import type { NextConfig } from 'next'

const config: NextConfig = {
  // Types are checked by `npm run check` with the native compiler; checking twice would only slow every start.
  typescript: { ignoreBuildErrors: true },
  poweredByHeader: false,
}

export default config
