"""Two windows on one week: what the other one changed is never overwritten unseen, and nothing typed is lost."""

import pytest

from portal.tracker.services import fingerprint
from tests.tracker.support import DONE, FORMATIVE, GRADES, HTMX, NOT_STARTED, PENDING, SYNC, send, stored, tick

pytestmark = [pytest.mark.in_turn, pytest.mark.usefixtures("frozen_time")]


@pytest.fixture
def elsewhere(owner, week):
    """In another window of the same person, something was ticked."""

    def do(key, status, version=1):
        assert tick(owner, week, key, status, version=version).status_code == 200

    return do


@pytest.mark.every_database
def test_different_items_merge_silently(app, owner, week, elsewhere):
    elsewhere(SYNC, DONE)
    assert tick(owner, week, GRADES, PENDING, version=1).status_code == 200
    assert send(owner, week, version=1, notes="Mine", **{FORMATIVE: DONE}).status_code == 200
    row, statuses = stored(app, week)
    assert statuses == {SYNC: DONE, GRADES: PENDING, FORMATIVE: DONE}
    assert row.notes == "Mine"


def test_the_same_wish_from_two_windows_is_no_conflict(app, owner, week, elsewhere):
    elsewhere(SYNC, DONE)
    assert tick(owner, week, SYNC, DONE, version=1).status_code == 200
    assert stored(app, week)[0].version == 2


@pytest.mark.parametrize("htmx", [True, False])
def test_a_conflict_shows_both_and_writes_neither(app, owner, week, elsewhere, htmx):
    elsewhere(SYNC, PENDING)
    answer = tick(owner, week, SYNC, DONE, version=1, htmx=htmx)
    assert answer.status_code == 409
    assert "Yours: Done · Now: Pending (changed 12:00)" in answer.text
    assert f'value="use:{SYNC}"' in answer.text
    assert f'value="keep:{SYNC}"' in answer.text
    assert stored(app, week)[1][SYNC] == PENDING
    if htmx:
        assert answer.headers["HX-Retarget"] == f"#log-{week.id}"


def test_a_version_that_was_refreshed_by_another_tick_does_not_hide_a_change(app, owner, week, elsewhere):
    # The window knows version 2 from its own tick of another item, but never saw this item change before it.
    elsewhere(SYNC, PENDING)
    answer = tick(owner, week, SYNC, DONE, was=NOT_STARTED, version=2)
    assert answer.status_code == 409
    assert stored(app, week)[1][SYNC] == PENDING


def test_use_mine_and_keep_what_is_there(app, owner, week, elsewhere):
    elsewhere(SYNC, PENDING)
    seen, mine = {SYNC: PENDING}, {f"mine-{SYNC}": DONE}
    kept = send(owner, week, f"keep:{SYNC}", seen=seen, version=2, **mine)
    assert (kept.status_code, "clash" in kept.text) == (200, False)
    assert stored(app, week)[1][SYNC] == PENDING
    used = send(owner, week, f"use:{SYNC}", seen=seen, version=2, **mine)
    assert used.status_code == 200
    assert stored(app, week)[1][SYNC] == DONE


def test_several_conflicts_are_decided_one_by_one(app, owner, week, elsewhere):
    elsewhere(SYNC, PENDING)
    elsewhere(GRADES, PENDING, version=2)
    both = send(owner, week, version=1, **{SYNC: DONE, GRADES: DONE, FORMATIVE: DONE})
    assert both.status_code == 409
    assert both.text.count("Yours: Done · Now: Pending") == 2
    assert stored(app, week)[1] == {FORMATIVE: DONE, SYNC: PENDING, GRADES: PENDING}
    mine = {f"mine-{SYNC}": DONE, f"mine-{GRADES}": DONE}
    one = send(owner, week, f"use:{SYNC}", seen={SYNC: PENDING, GRADES: PENDING, FORMATIVE: DONE}, version=4, **mine)
    assert one.status_code == 409
    assert one.text.count("Yours: Done · Now: Pending") == 1
    assert stored(app, week)[1][SYNC] == DONE


def test_use_mine_after_yet_another_change_asks_again(app, owner, week, elsewhere):
    elsewhere(SYNC, PENDING)
    tick(owner, week, SYNC, NOT_STARTED, was=PENDING, version=2)
    answer = send(owner, week, f"use:{SYNC}", seen={SYNC: PENDING}, version=2, **{f"mine-{SYNC}": DONE})
    assert answer.status_code == 409
    assert "Now: Not started" in answer.text
    assert stored(app, week)[1][SYNC] == NOT_STARTED


def test_notes_in_conflict_show_both_texts_with_yours_to_edit(app, owner, week):
    send(owner, week, notes="From the other window")
    answer = send(owner, week, notes="Mine, typed for an hour", version=1, **{SYNC: DONE})
    assert answer.status_code == 409
    assert '<blockquote dir="auto">From the other window</blockquote>' in answer.text
    assert "Mine, typed for an hour</textarea>" in answer.text
    row, statuses = stored(app, week)
    assert row.notes == "From the other window"
    assert statuses[SYNC] == DONE  # nobody else had touched it
    used = send(
        owner, week, "use:notes", notes="Mine and theirs", notes_seen="From the other window", version=3,
        seen={SYNC: DONE},
    )  # fmt: skip
    assert used.status_code == 200
    assert stored(app, week)[0].notes == "Mine and theirs"


def test_emptied_notes_clash_like_any_others(app, owner, week):
    send(owner, week, notes="First")
    send(owner, week, version=2, notes_seen="First", notes="Theirs")
    assert send(owner, week, version=2, notes="", notes_was=fingerprint("First")).status_code == 409
    assert stored(app, week)[0].notes == "Theirs"


def test_keeping_their_notes_drops_only_mine(app, owner, week):
    send(owner, week, notes="Theirs")
    answer = send(owner, week, "keep:notes", notes="Mine", notes_seen="", version=2)
    assert answer.status_code == 200
    assert stored(app, week)[0].notes == "Theirs"


def test_notes_that_nobody_touched_here_do_not_clash_with_what_others_wrote(app, owner, week):
    send(owner, week, notes="Theirs")
    assert send(owner, week, "all_done", version=1).status_code == 200
    assert stored(app, week)[0].notes == "Theirs"


def test_a_tick_that_clashes_keeps_the_notes_that_are_being_typed(app, owner, week, elsewhere):
    elsewhere(SYNC, PENDING)
    form = {"status": DONE, f"was-{SYNC}": NOT_STARTED, "notes": "half a sent", "notes_was": fingerprint("")}
    answer = owner.post(f"/tracker/logs/{week.id}/items/{SYNC}", data=form, headers=HTMX)
    assert answer.status_code == 409
    assert "half a sent</textarea>" in answer.text
    assert "blockquote" not in answer.text
    assert stored(app, week)[0].notes == ""


def test_a_tick_that_clashes_shows_both_notes_when_those_changed_too(owner, week, elsewhere):
    elsewhere(SYNC, PENDING)
    send(owner, week, seen={SYNC: PENDING}, version=2, notes="Theirs")
    form = {"status": DONE, f"was-{SYNC}": NOT_STARTED, "notes": "half a sent", "notes_was": fingerprint("")}
    answer = owner.post(f"/tracker/logs/{week.id}/items/{SYNC}", data=form, headers=HTMX)
    assert answer.status_code == 409
    assert "half a sent</textarea>" in answer.text
    assert '<blockquote dir="auto">Theirs</blockquote>' in answer.text


def test_a_refusal_shows_both_notes_when_they_changed_elsewhere(owner, week):
    send(owner, week, notes="Theirs")
    answer = send(owner, week, "same_as_last_week", version=1, notes="Mine", notes_was=fingerprint(""))
    assert answer.status_code == 422
    assert "Mine</textarea>" in answer.text
    assert '<blockquote dir="auto">Theirs</blockquote>' in answer.text


def test_deciding_about_an_item_decides_nothing_about_the_notes(app, owner, week, elsewhere):
    elsewhere(SYNC, PENDING)
    send(owner, week, seen={SYNC: PENDING}, version=2, notes="Theirs")
    asked = {"notes": "Mine", "notes_wait": "1", f"mine-{SYNC}": DONE}
    answer = send(owner, week, f"use:{SYNC}", seen={SYNC: PENDING}, version=3, notes_seen="Theirs", **asked)
    assert answer.status_code == 409
    assert '<blockquote dir="auto">Theirs</blockquote>' in answer.text
    assert "Mine</textarea>" in answer.text
    row, statuses = stored(app, week)
    assert (row.notes, statuses[SYNC]) == ("Theirs", DONE)


def test_submitting_with_a_conflict_asks_first(app, owner, week, elsewhere):
    elsewhere(SYNC, PENDING)
    answer = send(owner, week, "submit", version=1, **{SYNC: DONE})
    assert answer.status_code == 409
    assert stored(app, week)[0].submitted_at is None
    pending = send(owner, week, "submit", version=2, seen={SYNC: PENDING}, **{f"mine-{SYNC}": DONE})
    assert pending.status_code == 409
    assert stored(app, week)[0].submitted_at is None


def test_all_done_over_a_change_that_was_not_seen_asks_first(app, owner, week, elsewhere):
    elsewhere(SYNC, PENDING)
    assert send(owner, week, "all_done", version=1).status_code == 409
    assert stored(app, week)[1] == {FORMATIVE: DONE, SYNC: PENDING, GRADES: DONE}


@pytest.mark.every_database
def test_a_lost_race_is_merged_anew(app, owner, week, monkeypatch):
    """Someone writes between reading and writing: the conditional update fails once, and nothing is overwritten."""
    from portal.extensions import db
    from portal.tracker.models import ActivityLog
    from portal.tracker.services import logs

    raced = []
    plain = logs.take_version

    def lose_first(log, values, now, *, quiet):
        if not raced:
            raced.append(log.version)
            row = db.session.get(ActivityLog, log.id)
            row.notes, row.version = "Theirs", row.version + 1
            db.session.flush()
        return plain(log, values, now, quiet=quiet)

    monkeypatch.setattr(logs, "take_version", lose_first)
    assert tick(owner, week, SYNC, DONE).status_code == 200
    row, statuses = stored(app, week)
    assert (row.notes, row.version, statuses[SYNC]) == ("Theirs", 3, DONE)


def test_who_always_loses_is_told(app, owner, week, monkeypatch):
    from portal.tracker.services import logs

    monkeypatch.setattr(logs, "take_version", lambda *_, **__: False)
    answer = tick(owner, week, SYNC, DONE)
    assert answer.status_code == 409
    assert "Someone else is changing this week" in answer.text
