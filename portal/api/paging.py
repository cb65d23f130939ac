"""Lists: a bare array, with how many there are and where the neighbouring pages are in the headers."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import request

from portal.api.operations import Reply
from portal.api.schemas.common import Paged


def page_reply(rows: Sequence[Any], total: int, query: Paged) -> Reply:
    """A page of a list, with `X-Total-Count` and `Link`."""
    last = max(1, -(-total // query.limit))
    pages = {"first": 1, "prev": query.page - 1, "next": query.page + 1, "last": last}
    there = {rel: number for rel, number in pages.items() if 1 <= number <= last}
    parts, base = {name: urlencode({name: value}) for name, value in request.args.items()}, request.base_url
    links = [f'<{base}?{_with_page(parts, number)}>; rel="{rel}"' for rel, number in there.items()]
    return Reply(rows, {"X-Total-Count": str(total), "Link": ", ".join(links)})


def _with_page(parts: Mapping[str, str], number: int) -> str:
    """The present query with another page."""
    return "&".join({**parts, "page": f"page={number}"}.values())
