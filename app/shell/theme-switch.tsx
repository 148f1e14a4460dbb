'use client'
// Light, dark or the system's choice, kept on this device.
import { Menu as Base } from '@base-ui/react/menu'
import { Check, Monitor, Moon, Sun } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { messages } from '#app/messages/index.ts'
import { Button } from '#app/ui/button.tsx'
import { Menu, menuItemClass } from '#app/ui/menu.tsx'
import { THEME_STORAGE_KEY, type ThemeChoice } from './theme-script.ts'

const CHOICES = [
  { value: 'light', icon: Sun },
  { value: 'dark', icon: Moon },
  { value: 'system', icon: Monitor },
] as const

function readChoice(): ThemeChoice {
  try {
    const stored = localStorage.getItem(THEME_STORAGE_KEY)
    return stored === 'light' || stored === 'dark' ? stored : 'system'
  } catch {
    return 'system'
  }
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('storage', listener)
  window.addEventListener('dewpoint:theme', listener)
  return () => {
    window.removeEventListener('storage', listener)
    window.removeEventListener('dewpoint:theme', listener)
  }
}

function choose(choice: ThemeChoice): void {
  try {
    localStorage.setItem(THEME_STORAGE_KEY, choice)
  } catch {
    // Storage switched off: the theme stays the system's.
  }
  window.dispatchEvent(new Event('dewpoint:theme'))
}

export function ThemeSwitch() {
  const choice = useSyncExternalStore(subscribe, readChoice, () => 'system' as const)
  const Icon = CHOICES.find((one) => one.value === choice)?.icon ?? Monitor
  return (
    <Menu
      trigger={
        <Button variant="ghost" size="icon" aria-label={messages.shell.theme}>
          <Icon aria-hidden />
        </Button>
      }
    >
      <Base.RadioGroup value={choice} onValueChange={(next: ThemeChoice) => choose(next)}>
        {CHOICES.map(({ value, icon: ItemIcon }) => (
          <Base.RadioItem key={value} value={value} className={menuItemClass} closeOnClick>
            <ItemIcon aria-hidden />
            <span className="flex-1">{messages.shell.themes[value]}</span>
            <Base.RadioItemIndicator>
              <Check aria-hidden />
            </Base.RadioItemIndicator>
          </Base.RadioItem>
        ))}
      </Base.RadioGroup>
    </Menu>
  )
}
