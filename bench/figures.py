"""What is measured, beside what is allowed."""

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; `limit` is the most (or `at_least` the least) that is allowed, None where nobody set one."""

    database: str
    name: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False

    @property
    def ratio(self) -> float | None:
        """The value in parts of its limit: above 1 is too much (or too little)."""
        if not self.limit or not self.value:
            return None
        return self.limit / self.value if self.at_least else self.value / self.limit

    @property
    def is_kept(self) -> bool:
        """Whether the limit is kept."""
        return self.ratio is None or self.ratio <= 1

    def __str__(self) -> str:
        value = (
            f"{self.value:>10,.0f}" if self.value >= 100 or self.value == int(self.value) else f"{self.value:>10.1f}"
        )
        bound = "" if self.limit is None else f"{'≥' if self.at_least else '≤'} {self.limit:,.0f}"
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        mark = "" if self.is_kept else "  ✗"
        return f"{self.database:<11}{self.name:<50}{value} {self.unit:<7}{bound:>9}{ratio:>7}{mark}"


def show(figures: Iterable[Figure]) -> bool:
    """Print figures as they come; whether all limits are kept."""
    kept = True
    print(f"{'database':<11}{'figure':<50}{'value':>10} {'unit':<7}{'limit':>9}{'ratio':>7}")
    for figure in figures:
        print(figure, flush=True)
        kept = kept and figure.is_kept
    return kept


def timed(deed: Callable[[], object], *, times: int) -> tuple[float, float]:
    """Milliseconds that something takes: median and 95th percentile of so many runs, after two that do not count."""
    deed()
    deed()
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        deed()
        taken.append((time.perf_counter() - begin) * 1000)
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
