"""The largest number that a column holds, sent where a form has the version that its page was drawn with."""

import pytest

pytestmark = pytest.mark.every_database


def test_the_version_after_the_largest_is_not_asked_for(client, sign_in, make):
    sign_in(client, make.admin())
    sent = {"days": "1", "is_active": "y", "version": "2147483647"}
    assert client.post("/admin/reminders/1", data=sent).status_code == 409
