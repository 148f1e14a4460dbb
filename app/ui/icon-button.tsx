'use client'
// A button that is only an icon: its name is read by screen readers and shown as a tooltip.
import { Tooltip } from '@base-ui/react/tooltip'
import type { ReactNode } from 'react'
import { Button, type ButtonProps } from './button.tsx'
import { TooltipPopup } from './tooltip.tsx'

interface IconButtonProps extends Omit<ButtonProps, 'aria-label' | 'children'> {
  label: string
  children: ReactNode
}

export function IconButton({ label, children, variant = 'ghost', size = 'icon', ...props }: IconButtonProps) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger
        render={
          <Button variant={variant} size={size} aria-label={label} {...props}>
            {children}
          </Button>
        }
      />
      <TooltipPopup>{label}</TooltipPopup>
    </Tooltip.Root>
  )
}
