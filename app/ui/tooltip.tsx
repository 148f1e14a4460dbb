'use client'
// The bubble beside a control. It repeats the control's name and never carries anything that is nowhere else.
import { Tooltip } from '@base-ui/react/tooltip'
import type { ReactNode } from 'react'

export function TooltipPopup({ children }: { children: ReactNode }) {
  return (
    <Tooltip.Portal>
      <Tooltip.Positioner sideOffset={8} className="z-50">
        <Tooltip.Popup className="rounded-md bg-ink px-2 py-1 text-surface text-xs transition-opacity duration-100 data-ending-style:opacity-0 data-starting-style:opacity-0 data-instant:transition-none">
          {children}
        </Tooltip.Popup>
      </Tooltip.Positioner>
    </Tooltip.Portal>
  )
}
