from collections.abc import Callable, Iterator

import pytest

from portal.jobs import works
from portal.jobs.works import Work
from tests.support.jobs import KIND, Run


@pytest.fixture
def work() -> Iterator[Callable[[Run], None]]:
    """Registers what a job of KIND does."""

    def register(run: Run) -> None:
        works.register(
            KIND, Work(run, lambda params: f"Work {params['n']}", lambda _p, result: f"/result/{result.get('a')}")
        )

    yield register
    works._WORKS.pop(KIND, None)
