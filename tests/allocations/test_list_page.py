"""The page of the list: statements, fragments, words, and who may see it."""

import re

import pytest

from portal.paging import Cursor

pytestmark = pytest.mark.in_turn

HX = {"HX-Request": "true"}


@pytest.mark.parametrize("address", ["", "q=mod", "status=none", "facilitator=fac", "sort=-facilitator", "mode=Online"])
def test_the_page_takes_five_statements_at_most_with_1_and_with_12_rows(client, manager, make, count_sql, address):
    mode = make.mode("Online")
    counts = []
    for more in (1, 11):
        for _ in range(more):
            make.offering(make.facilitator(), mode_id=mode.id)
        with count_sql() as sql:
            client.get(f"/allocations/?{address}")
        counts.append(len(sql))
    # The session, the names that are searched, the counts, the page, what is unread; the first page also the views.
    assert counts[0] - 1 == counts[1] == (5 if "q=" in address else 4)


def test_htmx_gets_the_results_with_all_counts_and_the_address(client, manager, term, shown):
    answer = client.get("/allocations/?mode=Hybrid&trimester=&cohort=&sort=course", headers=HX)
    assert answer.headers["HX-Push-Url"] == "/allocations/?mode=Hybrid&sort=course"
    assert "HX-Request" in answer.headers["Vary"]
    assert "2 courses" in answer.headers["HX-Trigger"]
    assert "<html" not in answer.text
    assert len(shown(answer)) == 2
    for part in ("#where", "#term-field", "#sets"):
        assert f'hx-target="{part}"' in answer.text
    assert "<html" in client.get("/allocations/", headers=HX | {"HX-History-Restore-Request": "true"}).text


def test_what_is_not_understood_is_named_and_left_out(client, manager, term, shown):
    answer = client.get(
        "/allocations/?trimester=9&status=asleep&intake=HT7&academic_year=x&sort=colour&unallocated=perhaps"
    )
    assert len(shown(answer)) == 9
    for value in ("9", "asleep", "HT7", "x", "colour"):
        assert f"“{value}”" in answer.text


def test_typed_text_is_shown_as_text(client, manager, term):
    answer = client.get('/allocations/?q="><script>alert(1)</script>&facilitator=<b>&trimester=<i>')
    assert "<script>alert" not in answer.text
    assert "<b>" not in answer.text
    assert "“&lt;i&gt;”" in answer.text


def test_an_empty_list_says_what_to_do(client, manager, make):
    assert "No courses yet" in client.get("/allocations/").text
    make.offering()
    answer = client.get("/allocations/?q=nothing-like-it")
    assert "No course matches" in answer.text
    assert 'href="/allocations/">Clear filters' in answer.text


def test_a_page_whose_courses_have_gone_leads_on(client, manager, make):
    make.offering()
    cursor = Cursor((4, "zzzz", "zzzz", "zzzz"), 10**6, 50).encode()
    answer = client.get(f"/allocations/?after={cursor}")
    assert "This page is empty now" in answer.text
    assert 'id="page-prev"' in answer.text


def test_names_of_any_script_are_isolated_and_links_are_named(client, manager, term):
    page = client.get("/allocations/?q=علي").text
    assert "<bdi>علي حسن</bdi>" in page
    assert "Chess 😀 for all" in page
    assert re.search(r'Change<span class="unseen"> CS100 · ', page)


@pytest.mark.parametrize("who", ["facilitator", "student"])
@pytest.mark.parametrize(
    "address",
    [
        "/allocations/", "/allocations/{}", "/allocations/{}/facilitator", "/allocations/facilitators?offering={}",
        "/allocations/options/modules",
    ],
)  # fmt: skip
def test_only_managers_and_administrators_see_allocations(client, make, sign_in, who, address):
    address = address.format(make.offering().id)
    assert client.get(address).status_code in {302, 303}
    sign_in(client, getattr(make, who)())
    assert client.get(address).status_code == 403
    sign_in(client, make.admin())
    assert client.get(address).status_code == 200


def test_a_session_that_only_reads_writes_nothing(client, manager, term, count_sql):
    with count_sql() as sql:
        client.get("/allocations/")
        client.get(f"/allocations/{next(iter(term))}")
    assert not re.search(r"^\s*(INSERT|UPDATE|DELETE)", sql.text, re.MULTILINE)
