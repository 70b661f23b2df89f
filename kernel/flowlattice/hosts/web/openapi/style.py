"""How the page looks; it stands in the page, which loads nothing."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1c2330; --quiet: #5b6575; --paper: #fff; --line: #dfe3ea; --tint: #f5f7fa;
  --link: #1a56b8; --get: #1a56b8; --post: #147a4b; --put: #8a5a00; --delete: #b3261e; --data: #6b4fa3; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ef; --quiet: #9aa5b5; --paper: #14181f; --line: #2c333f;
  --tint: #1b212b; --link: #82b1ff; --get: #82b1ff; --post: #6fd3a1; --put: #e5b95c; --delete: #ff9a90;
  --data: #c3aef0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem 5rem; }
a { color: var(--link); }
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; }
h1 small { color: var(--quiet); font-size: 1rem; font-weight: 400; }
h2 { margin: 0; font: 600 1.05rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
h3 { margin: 1.4rem 0 .35rem; color: var(--quiet); font-size: .8rem; letter-spacing: .06em; text-transform: uppercase; }
h3.group { margin-top: 3rem; }
p { margin: .5rem 0; }
.quiet { color: var(--quiet); }
code { font: .875em/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
nav ul { list-style: none; margin: 1.25rem 0 0; padding: .6rem 1rem; background: var(--tint); border-radius: .5rem; }
nav li { padding: .15rem 0; }
nav a { display: flex; gap: .75rem; text-decoration: none; }
nav a:hover code, nav a:focus code { text-decoration: underline; }
section { margin-top: 1.5rem; padding: 1.1rem 1.25rem 1.25rem; border: 1px solid var(--line); border-radius: .5rem; }
section:target { border-color: var(--link); }
.method { flex: none; display: inline-block; min-width: 4.2rem; color: var(--get);
  font: 700 .8rem/1.75 ui-monospace, monospace; }
.post, .patch { color: var(--post); } .put { color: var(--put); } .delete { color: var(--delete); }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .92rem; }
th, td { padding: .4rem .75rem .4rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top; }
tr:first-child th, tr:first-child td { border-top: 0; }
th { width: 1%; min-width: 9rem; font-weight: 600; white-space: nowrap; }
th.status { min-width: 3.5rem; }
td.kind { width: 34%; }
.needed { color: var(--delete); font-weight: 400; }
.class { padding: 0 .45em; border: 1px solid currentColor; border-radius: 1em; color: var(--data); font-size: .78rem;
  white-space: nowrap; }
pre { margin: 0; padding: .75rem 1rem; overflow-x: auto; background: var(--tint); border-radius: .4rem; }
pre code { overflow-wrap: normal; }
"""

_DIGEST: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
CONTENT_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing but this style is let in (CSP 3)."""
