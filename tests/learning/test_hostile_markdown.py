"""Whatever a lesson's text holds, nothing in its HTML runs, loads from elsewhere or breaks out of its place."""

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.learning.markdown import FileRef, render
from portal.learning.models import FileKind

FILES = [FileRef(7, 'a" onerror="alert(1).png', FileKind.PICTURE, 4, 4), FileRef(8, "film.mp4", FileKind.VIDEO)]
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<style>*{display:none}</style><base href=//evil.example>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "[a](javascript:alert(1)) [b](JaVaScRiPt:alert(1)) [c](&#106;avascript:alert(1)) [d](java\tscript:alert(1))",
    "[a](data:text/html;base64,PHNjcmlwdD4=) [b](vbscript:x) ![c](data:image/svg+xml,<svg/onload=alert(1)>)",
    "![x](https://evil.example/pixel.png) ![y](//evil.example/pixel.png)",
    '[a](https://x.example "t\\" onmouseover=alert(1) x=\\"")',
    '![a](<a" onerror="alert(1).png>) ![x" onerror="alert(1)](film.mp4)',
    "`</code><script>alert(1)</script>` and ```html\n</code></pre><script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    r"$\text{<img src=x onerror=alert(1)>}$ $$\href{javascript:alert(1)}{x}$$ $\unicode{<script>}$",
    "$</math><script>alert(1)</script>$",
    "| a |\n|:-:|\n| <td onclick=alert(1)> |",
    "<details open ontoggle=alert(1)> <form action=//evil.example><input name=password>",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt> \u202e\ufeff<!--><script>alert(1)</script>-->",
]
TAGS = {
    "p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "s", "a", "img",
    "br", "hr", "table", "thead", "tbody", "tr", "th", "td", "div", "span", "audio", "video",
}  # fmt: skip


class Looking(HTMLParser):
    """Every element with its attributes, as a browser would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def check(text):
    check_html(render(text, FILES).html)


def check_html(html):
    looking = Looking()
    looking.feed(html)
    looking.close()
    for tag, attributes in looking.found:
        assert tag in TAGS or tag.startswith("m"), tag
        assert tag not in {"meta", "marquee", "main", "menu", "map"}
        for name, value in attributes.items():
            assert not name.startswith("on"), (name, value)
            assert name not in {"style", "srcdoc", "srcset", "formaction", "action", "id", "xlink:href"}
            if name == "src":
                assert value.startswith("/files/"), value
            if name == "href":
                assert value.startswith(("https://", "http://", "mailto:", "/", "#", "?")), value


@pytest.mark.parametrize("text", HOSTILE)
def test_it_does_nothing(text):
    check(text)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=12)), max_size=6),
    st.sampled_from(["", "\n", "\n\n", "> "]),
)
def test_nor_in_any_company(parts, between):
    check(between.join(parts))


@pytest.mark.parametrize("html", ["<img onerror=x>", "<script>", "<img src=//evil.example>", "<a href=javascript:x>"])
def test_the_check_sees_what_must_not_be(html):
    with pytest.raises(AssertionError):
        check_html(html)


@pytest.mark.parametrize(
    "bomb",
    [
        "> " * 20_000,
        "[" * 30_000,
        "*a " * 15_000,
        "`" * 30_000,
        "$" + "{" * 1_900 + "$",
        r"$\frac" * 300,
        "|a" * 20_000,
    ],
)
def test_no_text_takes_long(bomb):
    began = time.process_time()
    check(bomb[:60_000])
    assert time.process_time() - began < 20
