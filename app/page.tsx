import { SAMPLERS } from '#contracts/samplers.ts'

export default function StudioPage() {
  return <main>{SAMPLERS.ddim.label}</main>
}
