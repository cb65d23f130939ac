"""The results of several released rounds at once, as programs ask for them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select

from portal.extensions import db
from portal.reflections.models import ReflectionAnswer, ReflectionTally
from portal.reflections.queries.results import TALLY, Tally, shuffled


def sums_of(round_ids: Collection[int]) -> Mapping[tuple[int, int], Tally]:
    """The sums in all languages, by round and question. One statement."""
    wanted = select(ReflectionTally.round_id, *TALLY).where(
        ReflectionTally.round_id.in_(round_ids), ReflectionTally.language == ""
    )
    return {(row[0], row[1]): Tally(*row[1:]) for row in db.session.execute(wanted)}


def texts_of(round_ids: Collection[int]) -> Mapping[tuple[int, int], Sequence[str]]:
    """What was said in words, by round and question, in an order that tells nothing, as `list_said`. One statement."""
    wanted = select(
        ReflectionAnswer.round_id, ReflectionAnswer.question_id, ReflectionAnswer.response_id, ReflectionAnswer.text
    ).where(ReflectionAnswer.round_id.in_(round_ids), ReflectionAnswer.text.is_not(None))
    found: dict[tuple[int, int], list[str]] = defaultdict(list)
    for row in sorted(db.session.execute(wanted), key=lambda row: shuffled(row.question_id, row.response_id)):
        found[row.round_id, row.question_id].append(row.text or "")
    return found
