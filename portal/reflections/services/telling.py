"""Telling students what is open and facilitators what is out: each once, by what the portal knows anyway."""

from datetime import date

from portal.notifications.services import Fact, notify_many
from portal.reflections.queries.owed import CLOSING, OPENED, RESULTS, Untold, list_untold, list_untold_results


def tell_all(today: date) -> int:
    """Tell what is untold, and give how many people that were. Raises IntegrityError when another worker does too."""
    facts = [_fact(OPENED, one) for one in list_untold(OPENED, today)]
    closing = [_fact(CLOSING, one) for one in list_untold(CLOSING, today)]
    # Whoever is told today that it has opened need not hear on the same day that it closes.
    opened = {(fact.recipient_id, fact.params["round_id"]) for fact in facts}
    facts += [fact for fact in closing if (fact.recipient_id, fact.params["round_id"]) not in opened]
    facts += [_fact(RESULTS, one) for one in list_untold_results(today)]
    return notify_many(facts) if facts else 0


def _fact(kind: str, one: Untold) -> Fact:
    params = {
        "round_id": one.round_id, "code": one.code, "module": one.course, "closes_on": one.closes_on.isoformat(),
    }  # fmt: skip
    return Fact(one.user_id, kind, params, one.key)
