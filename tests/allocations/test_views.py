"""Lists kept under a name: one's own, and those that are shared."""

import pytest
from sqlalchemy import select

from portal.allocations.models import SavedView
from portal.audit.models import AuditEvent
from portal.extensions import db

pytestmark = pytest.mark.in_turn

FILTERS = "mode=Hybrid&mode=Online&sort=-places&columns=code&columns=status"


def _views(app) -> list[SavedView]:
    with app.app_context():
        return list(db.session.scalars(select(SavedView).order_by(SavedView.id)))


def test_a_list_is_kept_and_opened_again(app, client, manager, term, shown):
    answer = client.post(f"/allocations/views?{FILTERS}", data={"name": "Near the screen", "is_shared": ""})
    assert answer.status_code == 303
    (view,) = _views(app)
    assert view.args["mode"] == ["Hybrid", "Online"]
    assert (view.args["sort"], view.is_shared) == (["-places"], False)
    page = client.get(answer.headers["Location"]).text
    assert "“Near the screen” is saved." in page
    assert 'aria-current="true"><span>Near the screen' in page
    assert shown(client.get(answer.headers["Location"])) == shown(client.get(f"/allocations/?{FILTERS}"))


def test_others_see_what_is_shared_and_change_nothing(app, client, make, sign_in, manager):
    for name, shared in (("Mine", ""), ("Ours", "y")):
        client.post(
            f"/allocations/views?{FILTERS}", data={"name": name, "is_shared": shared} if shared else {"name": name}
        )
    mine, ours = _views(app)
    sign_in(client, make.manager())
    page = client.get("/allocations/").text
    assert "Mine" not in page
    assert "Ours" in page
    assert "by Édouard Deschênes" in page
    for view in (mine, ours):
        assert client.get(f"/allocations/views/{view.id}").status_code == 404
        assert client.post(f"/allocations/views/{view.id}", data={"name": "X"}).status_code == 404
        assert client.post(f"/allocations/views/{view.id}/delete").status_code == 404
    assert len(_views(app)) == 2


def test_a_view_is_renamed_shared_and_given_the_present_list(app, client, manager):
    client.post(f"/allocations/views?{FILTERS}", data={"name": "Old"})
    (view,) = _views(app)
    address = f"/allocations/views/{view.id}?status=none"
    assert "Old" in client.get(address).text
    client.post(address, data={"name": "New", "is_shared": "y"})
    assert (_views(app)[0].name, _views(app)[0].is_shared, _views(app)[0].args) == ("New", True, view.args)
    client.post(address, data={"name": "New", "is_shared": "y", "takes_filters": "y"})
    assert _views(app)[0].args == {"status": ["none"]}
    with app.app_context():
        of_views = select(AuditEvent.action).where(AuditEvent.entity == "saved_views").order_by(AuditEvent.id)
        assert list(db.session.scalars(of_views)) == ["create", "update", "update"]
    client.post(f"/allocations/views/{view.id}/delete")
    assert _views(app) == []


@pytest.mark.parametrize("name", ["", "  \0 ", "x" * 81])
def test_a_name_that_cannot_be_is_refused_at_its_field(app, client, manager, name):
    answer = client.post("/allocations/views", data={"name": name})
    assert answer.status_code == 422
    assert 'id="name-error"' in answer.text
    assert _views(app) == []


def test_one_person_has_no_two_views_of_one_name(app, client, make, sign_in, manager):
    client.post("/allocations/views", data={"name": "Été 😀"})
    answer = client.post("/allocations/views", data={"name": "ÉTÉ 😀"})
    assert answer.status_code == 409
    assert "Choose another name" in answer.text
    sign_in(client, make.manager())
    assert client.post("/allocations/views", data={"name": "Été 😀"}).status_code == 303
    assert len(_views(app)) == 2
