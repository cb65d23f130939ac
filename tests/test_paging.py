"""Paging by key, on a table of its own."""

import base64
import json
from datetime import date

import pytest
from sqlalchemy import Date, Integer, String, column, insert, select, table

from portal.extensions import db
from portal.folding import fold
from portal.paging import Cursor, PageRequest, fitting, make_page, slice_by_key

people = table(
    "modules",
    column("id", Integer), column("code", String), column("name", String), column("name_folded", String),
    column("credits", Integer), column("is_active"), column("created_at"), column("updated_at"),
)  # fmt: skip
NAMES = [
    "Zoë",
    "Anaïs",
    "Ana",
    "ana",
    "Øyvind",
    "Łukasz",
    "İnönü",
    "Bjørk",
    "王小明",
    "علي حسن",
    "😀 Smile",
    "de la O'Hara",
]
KEYS = {"name": (people.c.name_folded,), "credits": (people.c.credits, people.c.name_folded)}


@pytest.fixture
def rows(app, make):
    """120 rows, ten for each of twelve names: ties everywhere."""
    from portal import clock

    stamps = {"created_at": clock.now().replace(tzinfo=None), "updated_at": clock.now().replace(tzinfo=None)}
    with app.app_context():
        db.session.execute(
            insert(people),
            [
                {"code": f"P{n}", "name": NAMES[n % 12], "name_folded": fold(NAMES[n % 12]), "credits": n % 3,
                 "is_active": True, **stamps}
                for n in range(120)
            ],
        )  # fmt: skip
        db.session.commit()


def page_at(wanted, keys):
    wanted = fitting(wanted, keys)
    columns = select(people.c.name, *(key.label(f"k{at}") for at, key in enumerate(keys)), people.c.id)
    found = db.session.execute(slice_by_key(columns, keys, people.c.id, wanted)).all()
    return make_page([row.id for row in found], [tuple(row)[1:] for row in found], wanted, 120)


@pytest.mark.parametrize("sort", KEYS)
@pytest.mark.parametrize("descending", [False, True])
def test_forward_and_back_shows_every_row_once_in_one_order(app, rows, sort, descending):
    with app.app_context():
        forward, cursor = [], None
        while True:
            page = page_at(PageRequest(sort, descending, cursor, size=17), KEYS[sort])
            forward.append(list(page.rows))
            assert page.first == sum(len(earlier) for earlier in forward[:-1]) + 1
            if page.following is None:
                break
            cursor = Cursor.decode(page.following)
        everything = [key for rows in forward for key in rows]
        assert len(everything) == len(set(everything)) == 120
        assert page.last == 120

        backward = [list(page.rows)]
        while page.previous is not None:
            page = page_at(PageRequest(sort, descending, Cursor.decode(page.previous), size=17), KEYS[sort])
            backward.append(list(page.rows))
            assert page.following is not None
        assert list(reversed(backward)) != []
        assert [key for rows in reversed(backward) for key in rows] == everything
        assert page.first == 1


def test_a_page_that_ran_empty_leads_back_to_the_rows_before_it(app, rows):
    with app.app_context():
        first = page_at(PageRequest("name", size=100), KEYS["name"])
        after = Cursor.decode(first.following)
        db.session.execute(people.delete().where(people.c.id.not_in(first.rows)))
        empty = page_at(PageRequest("name", cursor=after, size=100), KEYS["name"])
        assert list(empty.rows) == []
        assert empty.last == 0
        assert empty.following is None
        back = page_at(PageRequest("name", cursor=Cursor.decode(empty.previous), size=100), KEYS["name"])
        assert back.rows == first.rows
        assert back.first == 1
        assert back.previous is None


def test_a_row_added_meanwhile_neither_repeats_nor_hides_another(app, rows):
    with app.app_context():
        first = page_at(PageRequest("name", size=50), KEYS["name"])
        stamps = {"created_at": date(2026, 1, 1), "updated_at": date(2026, 1, 1)}
        db.session.execute(
            insert(people).values(code="NEW", name="!", name_folded="!", credits=0, is_active=True, **stamps)
        )
        second = page_at(PageRequest("name", cursor=Cursor.decode(first.following), size=50), KEYS["name"])
        assert not set(first.rows) & set(second.rows)
        assert len(second.rows) == 50


def packed(*parts):
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        None, "", "x", "%%%", "é", "A" * 5000, packed(1), packed(["a"], 1, 0), packed(["a"], "1", 0, 0),
        packed(["a"], -1, 0, 0),
        packed(["a"], 1, 10**12, 0), packed([10**30], 1, 0, 0), packed(["a\0b"], 1, 0, 0), packed(["\ud800"], 1, 0, 0),
        packed([None], 1, 0, 0), packed([[1]], 1, 0, 0), packed(None, 1, 0, 0), packed(["a"], True, 0, 0), "[" * 2000,
    ],
)  # fmt: skip
def test_a_cursor_that_was_tampered_with_means_the_first_page(text):
    assert Cursor.decode(text) is None


@pytest.mark.parametrize("values", [("علي" * 70,), ("😀" * 200, 3), (-5, "\u200fab"), ("2026-08-24",)])
def test_a_cursor_survives_an_address(values):
    cursor = Cursor(values, 7, 50, True)
    assert Cursor.decode(cursor.encode()) == cursor


@pytest.mark.parametrize("values", [(), ("a",), (1, "a"), ("24 August",), ("2026-08-24", "a")])
def test_a_cursor_of_another_sort_is_left_out(values):
    wanted = PageRequest("day", cursor=Cursor(values, 1, 50))
    assert fitting(wanted, (column("day", Date),)).cursor is None


def test_a_cursor_of_the_same_sort_is_kept():
    wanted = PageRequest("day", cursor=Cursor(("2026-08-24",), 1, 50))
    assert fitting(wanted, (column("day", Date),)) is wanted
