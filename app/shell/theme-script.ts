// Sets the theme before the first paint. Plain text on purpose: it runs inline in <head>, before any of our code.

export const THEME_STORAGE_KEY = 'dewpoint.theme'
export type ThemeChoice = 'light' | 'dark' | 'system'

/** `window.__theme(choice?)` stores a choice where one is given, and applies what holds now. */
export const THEME_SCRIPT = `(()=>{
const key=${JSON.stringify(THEME_STORAGE_KEY)},media=matchMedia('(prefers-color-scheme: dark)');
const read=()=>{try{return localStorage.getItem(key)}catch{return null}};
const apply=()=>{const c=read();document.documentElement.dataset.theme=c==='light'||c==='dark'?c:media.matches?'dark':'light'};
media.addEventListener('change',apply);
addEventListener('storage',e=>{if(e.key===key)apply()});
addEventListener('dewpoint:theme',apply);
apply();
})()`
