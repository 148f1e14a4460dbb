// The one way to text: `messages`. English is the only language so far; choosing another happens here and nowhere else.
import { en, type Messages } from './en.ts'

export const messages: Messages = en
export const locale = 'en'
