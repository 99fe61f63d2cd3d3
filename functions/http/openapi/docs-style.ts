/** The style of `/docs`; its hash is in the page's Content-Security-Policy. */
export const DOCS_STYLE = `
:root{color-scheme:light dark;--fg:#1d2330;--soft:#5b6474;--bg:#fff;--panel:#f5f7fa;--line:#d8dee8;--link:#0b5cad}
@media (prefers-color-scheme:dark){:root{--fg:#e6e9ef;--soft:#a3adbd;--bg:#14171d;--panel:#1d222b;--line:#343c49;--link:#7db7ff}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem;max-width:70rem;font:16px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg)}
a{color:var(--link)}
code{font:.9em ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
h1 small,.scope{color:var(--soft);font-size:.85rem;font-weight:400}
h2{margin-top:2.5rem;border-bottom:1px solid var(--line)}
h3{margin:0;font-size:1rem;font-weight:600}
h4{margin:1rem 0 .25rem}
nav a{margin-right:.75rem}
article{margin:1rem 0;padding:.75rem 1rem;background:var(--panel);border:1px solid var(--line);border-radius:.5rem}
article p{margin:.25rem 0}
summary{cursor:pointer;color:var(--link)}
.method{display:inline-block;min-width:4.2rem;padding:0 .4rem;border:1px solid currentColor;border-radius:.3rem;text-align:center;font-size:.8rem}
.get{color:#0a7a3d}.put,.patch{color:#8a5a00}.post{color:#0b5cad}.delete{color:#b3261e}
@media (prefers-color-scheme:dark){.get{color:#5fd38d}.put,.patch{color:#e7b75f}.post{color:#7db7ff}.delete{color:#ff8a80}}
table{width:100%;border-collapse:collapse;font-size:.9rem}
th,td{padding:.3rem .5rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
td:first-child code{white-space:nowrap}
details{overflow-x:auto}
`;
