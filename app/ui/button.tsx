// Button and the classes that make anything else (a link, a trigger) look and press like one.
// Small sizes draw at 36 px and still take a 44 px press: the ::after widens the target, a coarse pointer widens the button.
import { cva, type VariantProps } from 'class-variance-authority'
import type { ComponentProps } from 'react'
import { cn } from './cn.ts'

export const buttonVariants = cva(
  'relative inline-flex shrink-0 select-none items-center justify-center gap-2 whitespace-nowrap rounded-control font-medium text-sm transition-colors duration-150 disabled:cursor-not-allowed aria-disabled:cursor-not-allowed [&_svg]:size-4 [&_svg]:shrink-0',
  {
    variants: {
      variant: {
        primary:
          'bg-accent text-accent-ink hover:bg-accent-hover disabled:bg-sunken disabled:text-ink-3 aria-disabled:bg-sunken aria-disabled:text-ink-3',
        secondary: 'border border-line-strong bg-raised text-ink hover:bg-sunken disabled:text-ink-3',
        ghost: 'text-ink-2 hover:bg-sunken hover:text-ink disabled:text-ink-3 data-popup-open:bg-sunken',
        danger: 'border border-line-strong bg-raised text-danger hover:bg-danger-soft',
      },
      size: {
        md: 'h-11 px-4',
        sm: "h-9 px-3 after:absolute after:-inset-1 after:content-[''] pointer-coarse:h-11",
        icon: "size-9 after:absolute after:-inset-1 after:content-[''] pointer-coarse:size-11",
      },
    },
    defaultVariants: { variant: 'secondary', size: 'md' },
  },
)

export interface ButtonProps extends ComponentProps<'button'>, VariantProps<typeof buttonVariants> {}

export function Button({ className, variant, size, type = 'button', ...props }: ButtonProps) {
  return <button type={type} className={cn(buttonVariants({ variant, size }), className)} {...props} />
}
