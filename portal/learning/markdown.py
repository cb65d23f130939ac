"""Markdown as lessons have it, made into safe HTML once, when it is saved.

CommonMark with tables, code that is coloured by classes, formulas ($…$, $$…$$) written out as MathML, and the lesson's
own files by their names: a picture, a sound or a film is shown where `![…](name)` stands. No HTML is taken from the
text, pictures from elsewhere become links, and whatever comes out is cleaned once more by a list of what may stay.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import nh3

from portal.folding import fold
from portal.learning.models import FileKind

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# Raised whenever the same text would become other HTML: lessons are then made anew as they are read.
RENDERER = 1
_LONGEST_FORMULA = 2000
_MOST_FORMULAS = 400
_LONGEST_CODE = 20_000
_MATHML = [
    "math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "msup", "msub", "msubsup", "mfrac", "msqrt", "mroot",
    "munder", "mover", "munderover", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom", "menclose", "mfenced",
    "mmultiscripts", "mprescripts", "none", "merror",
]  # fmt: skip
_TAGS = {
    "p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "s", "a", "img",
    "br", "hr", "table", "thead", "tbody", "tr", "th", "td", "div", "span", "audio", "video", *_MATHML,
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"class"},
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height", "loading"},
    "ol": {"start"},
    "audio": {"src", "controls", "preload", "title"},
    "video": {"src", "controls", "preload", "title"},
    "div": {"tabindex"},
    "pre": {"tabindex"},
    "math": {"display"},
    **{tag: {"mathvariant", "linethickness", "stretchy", "fence", "columnalign", "width", "minsize", "maxsize",
             "accent", "notation", "displaystyle"} for tag in _MATHML if tag != "math"},
}  # fmt: skip
_WORDS = re.compile(r"\\(?:text\w*|mbox)\{[^{}]*\}")
_ALIGNED = re.compile(r"text-align:(left|right|center)")


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file that a text may refer to by its name."""

    id: int
    name: str
    kind: FileKind
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """Safe HTML; the names of files that are not there, and formulas that could not be read."""

    html: str
    missing: Sequence[str] = ()
    unread: Sequence[str] = ()


@dataclass(slots=True)
class _Env:
    """What one text is made with, and what came up on the way."""

    files: Mapping[str, FileRef]
    missing: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    formulas: int = 0


def file_address(file_id: int, name: str) -> str:
    """Where a file is found."""
    return f"/files/{file_id}/{quote(name, safe='')}"


def render(body: str, files: Sequence[FileRef] = ()) -> Rendered:
    """A text as HTML that may stand in a page as it is."""
    env = _Env({fold(one.name): one for one in files})
    made = _markdown().render(body, {"portal": env})
    html = nh3.clean(
        made,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
        strip_comments=True,
    )
    return Rendered(html, tuple(dict.fromkeys(env.missing)), tuple(dict.fromkeys(env.unread)))


class _Renderer:
    """How each kind of token is written; markdown-it calls these with the renderer itself before the tokens."""

    def __init__(self, markdown: "MarkdownIt") -> None:
        for rule in ("heading_open", "heading_close", "image", "link_open", "fence", "code_block", "math_inline",
                     "math_block", "table_open", "table_close", "th_open", "td_open"):  # fmt: skip
            markdown.add_render_rule(rule, getattr(self, rule))

    @staticmethod
    def heading_open(_self: Any, tokens: Sequence["Token"], at: int, _options: Any, _env: Any) -> str:
        """The page has the lesson's title as its first heading: those within begin at the second level."""
        return f"<{_lower(tokens[at].tag)}>"

    @staticmethod
    def heading_close(_self: Any, tokens: Sequence["Token"], at: int, _options: Any, _env: Any) -> str:
        """Its end."""
        return f"</{_lower(tokens[at].tag)}>\n"

    @staticmethod
    def image(_self: Any, tokens: Sequence["Token"], at: int, _options: Any, env: Any) -> str:
        """A file of the lesson where it stands; from elsewhere a link."""
        token = tokens[at]
        source, alt = str(token.attrs.get("src", "")), token.content
        if urlsplit(source).scheme:
            return f'<a href="{escape(source)}">{escape(alt or source)}</a>'
        name = unquote(source)
        found = env["portal"].files.get(fold(name))
        if found is None:
            env["portal"].missing.append(name)
            return f'<span class="gone">{escape(alt or name)}</span>'
        return _shown(found, alt)

    @staticmethod
    def link_open(renderer: Any, tokens: Sequence["Token"], at: int, options: Any, env: Any) -> str:
        """A link to elsewhere, or to a file of the lesson by its name."""
        token = tokens[at]
        target = str(token.attrs.get("href", ""))
        if not urlsplit(target).scheme and not target.startswith(("/", "#", "?")):
            found = env["portal"].files.get(fold(unquote(target)))
            if found is None:
                env["portal"].missing.append(unquote(target))
            token.attrs["href"] = file_address(found.id, found.name) if found else "#"
        return str(renderer.renderToken(tokens, at, options, env))

    @staticmethod
    def fence(_self: Any, tokens: Sequence["Token"], at: int, _options: Any, _env: Any) -> str:
        """Code, coloured by the language that is named after the first fence."""
        words = tokens[at].info.split()
        return _code(tokens[at].content, words[0] if words else "")

    @staticmethod
    def code_block(_self: Any, tokens: Sequence["Token"], at: int, _options: Any, _env: Any) -> str:
        """Code that is indented."""
        return _code(tokens[at].content, "")

    @staticmethod
    def math_inline(_self: Any, tokens: Sequence["Token"], at: int, _options: Any, env: Any) -> str:
        """A formula within a line."""
        return _formula(tokens[at].content, env["portal"], "inline")

    @staticmethod
    def math_block(_self: Any, tokens: Sequence["Token"], at: int, _options: Any, env: Any) -> str:
        """A formula by itself; a long one scrolls."""
        return f'<div class="formula" tabindex="0">{_formula(tokens[at].content, env["portal"], "block")}</div>\n'

    @staticmethod
    def table_open(_self: Any, _tokens: Sequence["Token"], _at: int, _options: Any, _env: Any) -> str:
        """A table; a wide one scrolls."""
        return '<div class="scrolls" tabindex="0"><table>\n'

    @staticmethod
    def table_close(_self: Any, _tokens: Sequence["Token"], _at: int, _options: Any, _env: Any) -> str:
        """Its end."""
        return "</table></div>\n"

    @staticmethod
    def th_open(_self: Any, tokens: Sequence["Token"], at: int, _options: Any, _env: Any) -> str:
        """The head of a column."""
        return _cell(tokens[at])

    @staticmethod
    def td_open(_self: Any, tokens: Sequence["Token"], at: int, _options: Any, _env: Any) -> str:
        """A cell; how it is aligned is said by a class, since the page allows no styles in it."""
        return _cell(tokens[at])


def _lower(tag: str) -> str:
    return f"h{min(int(tag[1]) + 1, 6)}"


def _cell(token: "Token") -> str:
    found = _ALIGNED.search(str(token.attrs.get("style", "")))
    return f'<{token.tag} class="{found[1]}">' if found and found[1] != "left" else f"<{token.tag}>"


def _shown(file: FileRef, alt: str) -> str:
    address, label = escape(file_address(file.id, file.name)), escape(alt or file.name)
    if file.kind is FileKind.PICTURE:
        size = f' width="{file.width}" height="{file.height}"' if file.width and file.height else ""
        return f'<img src="{address}" alt="{escape(alt)}" loading="lazy"{size}>'
    if file.kind in {FileKind.AUDIO, FileKind.VIDEO}:
        tag = file.kind.value
        return f'<{tag} controls preload="metadata" src="{address}" title="{label}"></{tag}>'
    return f'<a href="{address}">{label}</a>'


def _code(content: str, language: str) -> str:
    if not language or len(content) > _LONGEST_CODE:
        return f'<pre tabindex="0"><code>{escape(content)}</code></pre>\n'
    # What colours code and writes formulas takes long to import, and few requests need it.
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language[:40], stripnl=False)
    except ClassNotFound:
        return f'<pre tabindex="0"><code>{escape(content)}</code></pre>\n'
    return f'<pre tabindex="0"><code>{highlight(content, lexer, HtmlFormatter(nowrap=True))}</code></pre>\n'


def _formula(text: str, env: _Env, display: str) -> str:
    from latex2mathml.converter import convert

    text = text.strip()
    env.formulas += 1
    if len(text) <= _LONGEST_FORMULA and env.formulas <= _MOST_FORMULAS:
        try:
            # What a formula has in words may hold a sign that HTML would read as the beginning of an element.
            plain = _WORDS.sub(lambda found: found[0].replace("&", "&amp;").replace("<", "&lt;"), text)
            return str(convert(plain, display=display))
        except Exception:  # noqa: S110 (it raises whatever it likes, RecursionError too)
            pass
    env.unread.append(text[:80])
    return f'<code class="unread">{escape(text)}</code>'


@cache
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # takes long to import, and few requests need it
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    markdown = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable(["table", "strikethrough"])
    markdown.use(dollarmath_plugin, allow_space=False, allow_digits=False)
    _Renderer(markdown)
    return markdown
