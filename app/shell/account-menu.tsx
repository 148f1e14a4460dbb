'use client'
// Who is signed in, what is left of the day's allowance, and the way in or out.
import { HardDrive, LogIn, LogOut, Settings2, UserPlus, UserRound } from 'lucide-react'
import Link from 'next/link'
import { messages } from '#app/messages/index.ts'
import { useMe } from '#app/session/use-session.ts'
import { useSignOut } from '#app/session/use-sign-out.ts'
import { Button, buttonVariants } from '#app/ui/button.tsx'
import { cn } from '#app/ui/cn.ts'
import { Menu, MenuItem, MenuSeparator } from '#app/ui/menu.tsx'

export function AccountMenu() {
  const me = useMe()
  const signOut = useSignOut()
  if (me === null) {
    return (
      <Link href="/sign-in" className={cn(buttonVariants({ variant: 'secondary', size: 'sm' }), 'max-sm:px-2.5')}>
        {messages.shell.signIn}
      </Link>
    )
  }
  const left = me === undefined ? null : me.allowance.limit - me.allowance.used
  return (
    <Menu
      trigger={
        // Until it is known who is there, as wide as "Sign in" will be: the bar does not move for a visitor.
        <Button
          variant="ghost"
          size="icon"
          aria-label={messages.shell.accountMenu}
          className={cn(me === undefined && 'ml-8')}
        >
          <UserRound aria-hidden />
        </Button>
      }
    >
      {me === undefined ? null : (
        <div className="px-2.5 pt-2 pb-2.5">
          <p className="truncate font-medium text-sm">{me.isGuest ? messages.shell.guest : me.name}</p>
          <p className="truncate text-ink-3 text-xs leading-5">{me.isGuest ? null : me.email}</p>
          <p className="text-ink-3 text-xs leading-5">{messages.shell.left(Math.max(0, left ?? 0))}</p>
        </div>
      )}
      <MenuSeparator />
      <MenuItem render={<Link href="/account" />}>
        <Settings2 aria-hidden />
        {messages.shell.account}
      </MenuItem>
      <MenuItem render={<Link href="/storage" />}>
        <HardDrive aria-hidden />
        {messages.shell.storage}
      </MenuItem>
      {me?.isGuest === false ? (
        <MenuItem onClick={() => void signOut()}>
          <LogOut aria-hidden />
          {messages.shell.signOut}
        </MenuItem>
      ) : (
        <>
          <MenuItem render={<Link href="/sign-up" />}>
            <UserPlus aria-hidden />
            {messages.shell.signUp}
          </MenuItem>
          <MenuItem render={<Link href="/sign-in" />}>
            <LogIn aria-hidden />
            {messages.shell.signIn}
          </MenuItem>
        </>
      )}
    </Menu>
  )
}
