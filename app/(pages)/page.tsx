// The Studio. The page itself is empty of data: what belongs to a person is read by the browser, behind their session.
import { Studio } from '#app/studio/studio.tsx'

export default function StudioPage() {
  return <Studio />
}
