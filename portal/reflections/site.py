"""The student's page of reflections as plain files for a static host, such as GitHub Pages.

The files know the portal's address and nothing else of it: no course, no person. Whoever writes signs in there with
their account (`POST /api/auth/login`), which the portal lets pages of `REFLECTION_ORIGINS` do.
"""

import hashlib
import json
from pathlib import Path

from flask import render_template
from flask_babel import force_locale

from portal.errors import DomainError, lazy
from portal.reflections.site_words import words_of_site
from portal.web.locale import LANGUAGES

_SCRIPTS = ("device.js", "drawing.js", "fields.js", "portal.js", "site.js", "writing.js")
_STYLES = (
    "tokens.css", "layout.css", "components/button.css", "components/field.css", "components/state.css",
    "components/dialog.css", "pages.css", "pages/reflections.css", "pages/reflections-site.css",
)  # fmt: skip
_FONTS = tuple(f"atkinson-hyperlegible-next-{part}-wght-normal.woff2" for part in ("latin", "latin-ext"))
_PICTURES = ("icons.svg", "favicon.svg")
_LAYERS = "@layer reset, pico, tokens, layout, components, pages, print;\n"


def files_of_site(static: Path, portal_url: str, name: str) -> dict[str, bytes]:
    """The files by name. `static` is the portal's own static folder, `portal_url` the address that the page asks."""
    js, vendor = static / "js" / "reflections", static / "vendor"
    files = {
        "index.html": _index(portal_url, name).encode(),
        "style.css": _style(static, vendor).encode(),
        # It stands beside the folder of the others, as in the portal.
        "store.js": (js / "store.js").read_bytes(),
        **{f"site/{one}": (js / "site" / one).read_bytes() for one in _SCRIPTS},
        **{one: (static / "img" / one).read_bytes() for one in _PICTURES},
        **{one: (vendor / one).read_bytes() for one in _FONTS},
    }
    return files | {"worker.js": _worker((js / "site" / "worker.js").read_text(), files).encode()}


def write_site(folder: Path, files: dict[str, bytes]) -> None:
    """Write the files; others in the folder stay. Raises DomainError where that cannot be."""
    try:
        for name, content in files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    except OSError as error:
        raise DomainError(
            lazy("Cannot write into %(folder)s: %(reason)s", folder=str(folder), reason=error.strerror or str(error))
        ) from error


def _index(portal_url: str, name: str) -> str:
    words = {}
    for code in LANGUAGES:
        with force_locale(code):
            words[code] = words_of_site()
    data = {"api": f"{portal_url}/api", "portal": portal_url, "languages": LANGUAGES, "words": words}
    return render_template("reflections/site.html", data=data, portal_url=portal_url, name=name)


def _style(static: Path, vendor: Path) -> str:
    parts = [(static / "css" / one).read_text() for one in _STYLES]
    pico = (vendor / "pico.min.css").read_text().removeprefix('@charset "UTF-8";')
    whole = f"{_LAYERS}@layer pico {{ {pico} }}\n" + "\n".join(parts)
    for font in _FONTS:
        whole = whole.replace(f"../vendor/{font}", font)
    return whole


def _worker(text: str, files: dict[str, bytes]) -> str:
    """The worker with the list of the files and a version that changes with any of them."""
    version = hashlib.sha256(b"".join(files[name] for name in sorted(files))).hexdigest()[:12]
    return text.replace("VERSION", version).replace('["FILES"]', json.dumps(["./", *sorted(files)]))
