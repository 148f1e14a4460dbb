// The English catalogue of what the interface itself says; another language is another file of this shape. What belongs to the thing
// it is about stands there instead: errors (contracts/errors.ts, device-error.ts), samplers and schedules (contracts/samplers.ts), the
// rules of a recipe, what a prompt or another program's recipe does not do (recipes/), why a device is not fit (assess.ts).
import { enCheck } from './en-check.ts'
import { enDevice } from './en-device.ts'
import { enModels } from './en-models.ts'
import { enPictures } from './en-pictures.ts'
import { enStudio } from './en-studio.ts'
import { count } from './format.ts'

export const en = {
  ...enDevice,
  ...enModels,
  ...enCheck,
  ...enPictures,
  ...enStudio,

  name: 'Dewpoint',
  tagline: 'A sentence becomes a picture you can share.',
  title: (page: string): string => `${page} · Dewpoint`,

  shell: {
    skip: 'Skip to content',
    navigation: 'Main',
    studio: 'Studio',
    history: 'History',
    account: 'Account',
    signIn: 'Sign in',
    signUp: 'Create account',
    signOut: 'Sign out',
    guest: 'Guest',
    accountMenu: 'Account menu',
    storage: 'Storage',
    theme: 'Theme',
    themes: { light: 'Light', dark: 'Dark', system: 'System' },
    shortcuts: 'Keyboard shortcuts',
    close: 'Close',
    left: (left: number): string => count(left, '1 picture left today', '# pictures left today'),
  },

  account: {
    title: 'Account',
    signInTitle: 'Sign in',
    signUpTitle: 'Create an account',
    signInLead: 'Your pictures and links are where you left them.',
    signUpLead: 'A larger daily allowance, and your pictures on every device.',
    keeps: 'The pictures you made as a guest move to your account.',
    name: 'Name',
    email: 'Email',
    password: 'Password',
    passwordHint: 'At least 8 characters.',
    signIn: 'Sign in',
    signUp: 'Create account',
    working: 'One moment',
    haveAccount: 'Have an account?',
    noAccount: 'New here?',
    badCredentials: 'Email or password is not right.',
    exists: 'There is already an account with this email. Sign in instead.',
    tooMany: 'Too many tries. Wait a minute, then try again.',
    unreachable: 'The server did not answer. Check the connection and try again.',
    failed: 'That did not work. Try again.',
    nameMissing: 'Write a name.',
    emailMissing: 'Write an email address, such as ana@example.com.',
    passwordShort: 'A password has at least 8 characters.',
    profile: 'Profile',
    guestNote:
      'You are here as a guest: your pictures stay with this browser. Create an account to keep them and to see them elsewhere.',
    allowance: 'Allowance',
    allowanceUsed: (used: number, limit: number): string => `${used} of ${limit} pictures used`,
    resets: (when: string): string => `Starts again ${when}`,
    sessions: 'Sessions',
    sessionsLead: 'Where you are signed in.',
    thisDevice: 'This device',
    endSession: 'End session',
    signedOutTitle: 'You are not signed in',
    signedOutHint: 'The Studio works without an account. Sign in to see yours.',
    signOut: 'Sign out',
    since: (when: string): string => `since ${when}`,
    unknownDevice: 'Unknown device',
  },

  shortcuts: {
    title: 'Keyboard shortcuts',
    generate: 'Generate',
    cancel: 'Stop what is running',
    focusPrompt: 'Write in the prompt',
    weight: 'Weight of the word at the cursor',
    help: 'Show this list',
    keys: { enter: 'Enter', esc: 'Esc', ctrl: 'Ctrl' },
  },

  problem: {
    notFoundTitle: 'There is nothing here',
    notFound: 'The address may be mistyped, or what was here is gone.',
    errorTitle: 'This page stopped working',
    error: 'It is our mistake. Nothing you made is lost. Try again; if it keeps happening, reload the page.',
    tryAgain: 'Try again',
    home: 'Open the Studio',
    code: (digest: string): string => `For the report: ${digest}`,
    network: 'The server did not answer. Check the connection and try again.',
  },
}

export type Messages = typeof en
