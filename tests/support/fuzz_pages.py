"""`python -m tests.support.fuzz_pages`: every form that a role finds, sent in ways that nobody would fill it in.

The pages' side of `tests.support.fuzz`: from the home page it follows the links to each kind of page once, then sends
what it found there with members that are hostile, missing or given twice, half of it as htmx does. Ends with status 1
when an answer was a fault of ours, or was none. What would end the run itself (signing out, another password) is left
out.
"""

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

import requests

from tests.support import servers
from tests.support.fuzz import PASSWORD, running

ROLES = ("student", "facilitator", "manager", "admin")
HOSTILE = (
    "", " ", "0", "-1", "3", "1.5", "1e9", "NaN", "99999999999999999999", "\u0661\u0662", "true", "null",
    "2026-02-30", "2026-3-9", "9999-12-31", "0001-01-01", "25:99", "a@b", "https://[::1", "../../etc/passwd",
    "\x00a", "a\r\nb", "\u202e\u05de\u05e8\u05d9\u05dd \U0001f469\U0001f3fd\u200d\U0001f680", "\ufffe", "x" * 70_000,
    "<script>alert(1)</script>", "'; DROP TABLE users;--", "%s%n{{7*7}}",
)  # fmt: skip
# Beyond a column of four bytes, one of eight, and what an interpreter reads; each number of a form becomes all of them.
FAR = ("2147483648", "99999999999999999999", "-99999999999999999999", "9" * 5000)
# What ends the run, and what the API's own run asks.
_LEFT_ALONE = re.compile(
    r"^/(api|health|metrics|static|lang|ui)\b|log(in|out)|/sessions|delet|deactivate|anonymis|withdraw|/role|/password|/profile/?$"
)
_EACH = 14  # ways in which a form is sent, beside three that each gets and those of its numbers

Pairs = list[tuple[str, str]]


@dataclass
class Form:
    """A form, or an element that sends by htmx."""

    action: str
    method: str
    members: Pairs = field(default_factory=list)


class Found(HTMLParser):
    """The links and forms of a page, and its token."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.token = ""
        self._open: Form | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what can be followed or sent."""
        has = {name: value or "" for name, value in attrs}
        if has.get("name") == "csrf-token":
            self.token = has["content"]
        self.links += [has[name] for name in ("href", "hx-get") if tag != "link" and has.get(name)]
        if tag == "form" and has.get("method", "get") in {"get", "post"}:
            self._open = Form(has.get("action", ""), has.get("method", "get"))
            self.forms.append(self._open)
        elif self._open and has.get("name") and tag in {"input", "button", "select", "textarea"}:
            self._open.members.append((has["name"], has.get("value", "")))
        for method in ("post", "put", "patch", "delete"):
            if tag != "form" and has.get(f"hx-{method}"):
                self.forms.append(Form(has[f"hx-{method}"], method, [(has["name"], "")] if "name" in has else []))

    def handle_endtag(self, tag: str) -> None:
        """A form ends."""
        if tag == "form":
            self._open = None


class Visitor(requests.Session):
    """A browser without scripts, at one portal."""

    def __init__(self, home: str) -> None:
        super().__init__()
        self.home = home
        self.headers["Origin"] = home

    def is_here(self, address: str) -> bool:
        """Whether an address is one that may be tried."""
        return address.startswith(f"{self.home}/") and not _LEFT_ALONE.search(urlsplit(address).path)

    def token(self) -> str:
        """A token for forms."""
        return Found(self.get(f"{self.home}/profile/", timeout=60).text).token


def explore(visitor: Visitor) -> dict[object, Form]:
    """One form of each kind that can be reached from the home page, with its whole address; links that ask are some."""
    waiting, seen, forms = [f"{visitor.home}/"], set[str](), dict[object, Form]()
    while waiting:
        answer = visitor.get(waiting.pop(), timeout=60)
        if answer.status_code >= 500:
            raise SystemExit(f"{answer.status_code} {answer.url}")
        if "html" not in answer.headers.get("Content-Type", ""):
            continue
        found = Found(answer.text)
        for link in (urldefrag(urljoin(answer.url, one)).url for one in found.links):
            if visitor.is_here(link) and _kind(link) not in seen:
                seen.add(_kind(link))
                waiting.append(link)
                parts = urlsplit(link)
                asked = Form(parts._replace(query="").geturl(), "get", parse_qsl(parts.query, keep_blank_values=True))
                if asked.members:
                    forms[_kind(link)] = asked
        for form in found.forms:
            form.action = urljoin(answer.url, form.action)
            if visitor.is_here(form.action):
                names = frozenset(name for name, _ in form.members)
                forms.setdefault((form.method, _kind(form.action), names), form)
    return forms


def _kind(address: str) -> str:
    parts = urlsplit(address)
    return re.sub(r"\d+", "N", parts.path) + "?" + "&".join(sorted(re.findall(r"(?:^|&)([^=&]+)", parts.query)))


def ways_of(form: Form, chance: random.Random) -> Iterator[Pairs]:
    """Some ways of sending a form that it was not made for."""
    usual = [(name, value) for name, value in form.members if name != "csrf_token"]
    yield from ([], [(name, chance.choice(HOSTILE)) for name, _ in usual], [*usual, ("unheard-of", "1")])
    for name in sorted({name for name, value in usual if value.isdecimal()}):
        yield from ([(o, far if o == name else value) for o, value in usual] for far in FAR)
    ways: list[Pairs] = []
    for name in sorted({name for name, _ in usual}):
        ways += [[(o, hostile if o == name else value) for o, value in usual] for hostile in chance.sample(HOSTILE, 6)]
        ways.append([(other, value) for other, value in usual if other != name])
        ways.append([*usual, (name, chance.choice(HOSTILE))])
    yield from chance.sample(ways, min(_EACH, len(ways)))


def fuzz(visitor: Visitor, chance: random.Random) -> Iterator[str]:
    """Whatever is wrong, a line each; what was answered is counted and printed."""
    statuses: Counter[int] = Counter()
    for form in explore(visitor).values():
        token, where = visitor.token(), "params" if form.method == "get" else "data"
        for way in ways_of(form, chance):
            headers = {"X-CSRFToken": token} | ({"HX-Request": "true"} if chance.random() < 0.5 else {})
            sent = {where: way, "headers": headers, "timeout": 60}
            try:
                status = visitor.request(form.method, form.action, **sent).status_code  # type: ignore[arg-type]
            except requests.RequestException as error:
                yield f"{error!r} {form.method} {form.action} {_short(way)}"
                continue
            statuses[status] += 1
            if status >= 500:
                yield f"{status} {form.method} {form.action} {_short(way)}"
    print(", ".join(f"{count} × {status}" for status, count in sorted(statuses.items())), flush=True)


def _short(way: Pairs) -> Pairs:
    return [(name, value[:40]) for name, value in way]


def enter(port: int, role: str) -> Visitor:
    """A visitor who has signed in with a demo account."""
    visitor = Visitor(f"http://127.0.0.1:{port}")
    page = visitor.get(f"{visitor.home}/login", timeout=60).text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    login = {"csrf_token": token[1] if token else "", "email": f"{role}@demo.example.org", "password": PASSWORD}
    if urlsplit(visitor.post(f"{visitor.home}/login", data=login, timeout=60).url).path == "/login":
        raise SystemExit(f"{role} could not sign in")
    return visitor


def main() -> int:
    """Run all that is asked for; 1 when any has found something."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.fuzz_pages", description=__doc__)
    parser.add_argument("--db", default="sqlite,mariadb", help="databases with commas: sqlite, mariadb, postgresql")
    parser.add_argument("--role", default=",".join(ROLES), help=f"roles with commas: {', '.join(ROLES)}")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000), help="to repeat a run")
    asked = parser.parse_args()
    servers.open_run()
    faults = []
    try:
        for database in asked.db.split(","):
            with running(database, "fuzz_pages") as port:
                for role in asked.role.split(","):
                    print(f"\n=== {role} on {database}, seed {asked.seed}", flush=True)
                    faults += list(fuzz(enter(port, role), random.Random(asked.seed)))
    finally:
        servers.close_run()
    print("\n".join(faults) if faults else "\nNothing found.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
