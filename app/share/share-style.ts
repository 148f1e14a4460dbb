// The share page's whole style sheet, inlined and named in its policy by hash. Its colours are those of app/globals.css, which a test holds it to.

export const SHARE_STYLE = `
:root{color-scheme:light dark;--surface:light-dark(#fbfbfa,#0d0e0f);--sunken:light-dark(#f2f2f0,#1d1f21);--line:light-dark(#e3e3df,#292c2e);--ink:light-dark(#161615,#f2f4f4);--ink-2:light-dark(#4e4e49,#b9bfc1);--ink-3:light-dark(#66665f,#949b9e);--accent:light-dark(#0a667c,#67cbe0);--accent-ink:light-dark(#ffffff,#04222a);--frame:light-dark(#ebebe8,#1a1c1d)}
*{box-sizing:border-box;margin:0}
body{min-height:100vh;background:var(--surface);color:var(--ink);font:15px/1.6 Inter,ui-sans-serif,system-ui,sans-serif;-webkit-font-smoothing:antialiased;overflow-wrap:anywhere}
a{color:inherit}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
header{display:flex;align-items:center;height:56px;padding:0 20px;border-bottom:1px solid var(--line)}
.mark{display:flex;align-items:center;gap:8px;min-height:44px;font-weight:600;text-decoration:none;letter-spacing:-.01em}
.mark svg{width:20px;height:20px;color:var(--accent)}
main{display:grid;gap:24px;max-width:1152px;margin:0 auto;padding:24px 16px 64px}
main.gone{max-width:384px;min-height:70vh;align-content:center;text-align:center;justify-items:center}
figure{display:block;width:100%;margin:0 auto}
img{display:block;width:100%;height:auto;border-radius:10px;background:var(--frame)}
h1{font-size:18px;line-height:1.55;font-weight:500;letter-spacing:-.005em;white-space:pre-wrap}
h1.short{font-size:20px;font-weight:600}
.lead{color:var(--ink-2)}
.long{max-height:16lh;overflow-y:auto}
dl{border-top:1px solid var(--line);font-size:14px;font-variant-numeric:tabular-nums}
dl div{display:flex;justify-content:space-between;gap:24px;padding:9px 0;border-bottom:1px solid var(--line)}
dt{color:var(--ink-2);flex:none}
dd{text-align:right;min-width:0}
.actions{display:flex;flex-wrap:wrap;gap:8px}
.button{display:inline-flex;align-items:center;justify-content:center;min-height:44px;padding:0 16px;border-radius:8px;font-size:14px;font-weight:500;text-decoration:none;border:1px solid var(--line)}
.button:hover{background:var(--sunken)}
.primary{background:var(--accent);color:var(--accent-ink);border-color:transparent}
.primary:hover{background:var(--accent);opacity:.92}
.side{display:flex;flex-direction:column;gap:24px;min-width:0}
@media(min-width:900px){main:not(.gone){grid-template-columns:minmax(0,1fr) 320px;gap:40px;padding-top:40px}}
`
