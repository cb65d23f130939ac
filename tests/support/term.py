"""A whole term's files: the real ones where they are, else invented ones as large and with the same kinds of faults.

Where somebody teaches 153 courses, fifteen courses have nobody, and eight rows repeat an earlier course: four in every
column, four with other values.
"""

import csv
import os
import random
import shutil
import tempfile
from atexit import register
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from portal.folding import fold

MODULES, CLASSES, COHORTS, FACILITATORS, SECTIONS = 3_217, 3_416, 265, 3_086, 6_573
DEPARTMENTS, SAME, DIFFERENT, UNTAUGHT = 167, 4, 4, 15
BUSIEST = (153, 126, 59)
START, END, YEAR, TRIMESTER = "2026-08-24", "2026-12-09", "2026", "3"

HEADERS = {
    "modules": ("code", "name", "department", "level", "credits"),
    "classes": ("name", "year", "section"),
    "cohorts": ("code", "name", "program", "start_date", "end_date"),
    "facilitators": ("employee_id", "email", "first_name", "last_name", "department", "max_course_load"),
    "students": ("student_number", "email", "first_name", "last_name", "cohort_code"),
    "offerings": (
        "module_code", "class_name", "cohort_code", "mode", "academic_year", "trimester", "intake_period",
        "facilitator_employee_id", "start_date", "end_date", "max_students",
    ),
    "enrolments": (
        "student_number", "module_code", "class_name", "cohort_code", "mode", "academic_year", "trimester",
        "intake_period", "status",
    ),
    "breaks": ("name", "start_date", "end_date"),
}  # fmt: skip

# First and last names from a dozen languages: with accents, double names, and letters that do not decompose.
_NAMES = (
    ("Gabriel Terri Georgia Vincent Brianna", "Lee Guerrero Humphreys Cooke Morrison"),
    ("Fabian Kornelia Maks Borys Łucja", "Gogola Szałaj Klinger Wysota Żak"),
    ("Amruta Bishakha Advik Lopa Nidra", "Ghosh Tata Buch Som Bhat"),
    ("Joy Andrew Ngozi Paul Ṣadé", "Akinwale Ogunleye Ojo Adéyẹmí Okafor"),
    ("Élodie Anaïs Franck Mathilde Anne-Sophie", "Étienne Dupuis Lévesque L’Hôte Grondin"),
    ("Emperatriz América Aureliano Dafne José", "Bustamante Ángel Monreal Núñez Varela"),
    ("John Jane Thuỳ Quốc Mai", "Đặng Phạm Bùi Nguyễn Trần"),
    ("Sözer Aliabbas Hanedan İnci Işıl", "Ülker Çorlu Bilgin Gül Demir"),
    ("Cauê Isaque Maria Vitória", "Leão Gonçalves Barbosa Aragão Conceição"),
    ("Annerose Ellinor Jürgen Björn Donata", "Mangold Groß Trupp Müller Scholtz"),
    ("Søren Åse Þóra Bjørg Ída", "Ødegård Æbelø Guðmundsdóttir Nygaard Strøm"),
    ("Jelena Đorđe Željko Saša Mirna", "Đurić Šarić Čović Žižek Marković"),
    ("Siobhán Ciarán Seán Aoife Niamh", "O'Brien Ó Súilleabháin"),
)


@dataclass(frozen=True, slots=True)
class Teacher:
    """Someone who teaches, with the department that gives them courses."""

    employee_id: str
    first_name: str
    last_name: str
    email: str
    department: str


def write_table(folder: Path, kind: str, rows: Iterable[Sequence[Any]]) -> Path:
    """Write one of the files with its usual header, in the manner of spreadsheets."""
    path = folder / f"{kind}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS[kind])
        writer.writerows(rows)
    return path


def write_term(folder: Path, seed: int = 2026) -> Path:
    """Write the files of an invented term; the same seed gives the same files."""
    dice = random.Random(seed)
    departments = _departments(dice)
    modules = _spread(dice, departments, MODULES, lambda code, number: f"{code}{100 + number}")
    classes = _spread(dice, departments, CLASSES, lambda code, number: f"{code} {_section(number)}")
    teachers = _teachers(dice, departments)
    offerings = _with_faults(dice, _offerings(dice, modules, classes, teachers), teachers)
    load = Counter(row[7] for row in offerings)
    write_table(folder, "modules", _module_rows(dice, modules))
    write_table(folder, "classes", [(name, YEAR, name.split()[1]) for names in classes.values() for name in names])
    write_table(folder, "cohorts", _cohort_rows(departments))
    write_table(folder, "facilitators", [_teacher_row(one, load[one.employee_id]) for one in teachers])
    write_table(folder, "offerings", offerings)
    return folder


def _departments(dice: random.Random) -> list[str]:
    letters = "ABCDEFGHIJKLMNOPRSTUW"
    found: dict[str, None] = {}
    while len(found) < DEPARTMENTS:
        found["".join(dice.choices(letters, k=dice.choice((2, 3, 3, 4, 4))))] = None
    return sorted(found)


def _spread(dice: random.Random, departments: Sequence[str], total: int, name: Any) -> dict[str, list[str]]:
    """So many names over all departments, large ones and small ones, three at least in each."""
    weights = [dice.paretovariate(1.2) for _ in departments]
    extra = Counter(dice.choices(departments, weights, k=total - 3 * len(departments)))
    return {code: [name(code, number) for number in range(3 + extra[code])] for code in departments}


def _section(number: int) -> str:
    return f"{'ABCDEFGHJKLMNPQRSTUVWXYZ'[number % 24]}{'' if number < 24 else number // 24}"


def _teachers(dice: random.Random, departments: Sequence[str]) -> list[Teacher]:
    names = [pair for first, last in _NAMES for pair in product(first.split(), last.split())]
    taken: Counter[str] = Counter()
    found = []
    for number in range(1, FACILITATORS + 1):
        first, last = dice.choice(names)
        local = f"{fold(first)}.{fold(last)}".replace("'", "").replace("’", "")
        taken[local] += 1
        email = f"{local}{taken[local] if taken[local] > 1 else ''}@example.edu"
        home = departments[number % len(departments)]
        found.append(Teacher(f"FAC{number:05}", first, last, email, home))
    return found


def _module_rows(dice: random.Random, modules: dict[str, list[str]]) -> Iterator[tuple[Any, ...]]:
    topics = ("Race, Science, and Technology", "Intro Statistics", 'The "Long" Century', "Éthique", "C++ Programming")
    for department, codes in modules.items():
        for code in codes:
            yield code, f"{dice.choice(topics)} {code[-3:]}", department, dice.choice((100, 200, 300, 400, 500)), 3


def _cohort_rows(departments: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for level, word, codes in (("UG", "undergraduate", departments), ("PG", "postgraduate", departments)):
        for code in codes[: COHORTS - DEPARTMENTS if level == "PG" else None]:
            yield f"{code}-{level}-{YEAR}", f"{code} {word} {YEAR}", code, START, END


def _teacher_row(one: Teacher, load: int) -> tuple[Any, ...]:
    limit = min(10, max(4, load))
    return one.employee_id, one.email, one.first_name, one.last_name, one.department, limit


def _offerings(
    dice: random.Random, modules: dict[str, list[str]], classes: dict[str, list[str]], teachers: Sequence[Teacher]
) -> list[list[str]]:
    """One row for each pair of a module and a class that meet."""
    pairs = []
    for department, codes in modules.items():
        pairs += [(department, code, dice.choice(classes[department])) for code in codes]
    taken = set(pairs)
    while len(pairs) < SECTIONS - SAME - DIFFERENT:
        department = dice.choice(pairs)[0]
        pair = department, dice.choice(modules[department]), dice.choice(classes[department])
        if pair not in taken:
            taken.add(pair)
            pairs.append(pair)
    by_home: dict[str, list[Teacher]] = {code: [one for one in teachers if one.department == code] for code in modules}
    busiest = [one.employee_id for one, times in zip(teachers, BUSIEST, strict=False) for _ in range(times)]
    rows = []
    for number, (department, module, name) in enumerate(sorted(pairs)):
        person = busiest[number // 7] if number % 7 == 0 and number // 7 < len(busiest) else ""
        person = person or dice.choice([one for one in by_home[department] if one not in teachers[:3]]).employee_id
        mode = dice.choices(("In-person", "Online", "Hybrid"), (77, 17, 6))[0]
        intake = dice.choices(("FT", "HT1", "HT2"), (85, 8, 7))[0]
        places = str(dice.choices((25, 30, 120, 2207), (60, 30, 9, 1))[0])
        rows.append(
            [module, name, f"{department}-UG-{YEAR}", mode, YEAR, TRIMESTER, intake, person, START, END, places]
        )
    return rows


def _with_faults(dice: random.Random, rows: list[list[str]], teachers: Sequence[Teacher]) -> list[list[str]]:
    """Fifteen rows lose their facilitator, and eight are followed by a row of the same course."""
    busy = {one.employee_id for one in teachers[: len(BUSIEST)]}
    picked = dice.sample([number for number, row in enumerate(rows) if row[7] not in busy], UNTAUGHT + SAME + DIFFERENT)
    for number in picked[:UNTAUGHT]:
        rows[number][7] = ""
    same, different = set(picked[UNTAUGHT : UNTAUGHT + SAME]), picked[UNTAUGHT + SAME :]
    found = []
    for number, row in enumerate(rows):
        found.append(row)
        if number in same:
            found.append(list(row))
        elif number in different:
            found.append(_other_values(row, different.index(number), teachers[-1].employee_id))
    return found


def _other_values(row: list[str], which: int, person: str) -> list[str]:
    """The same course with other places, another facilitator, or both."""
    other = list(row)
    if which != 1:
        other[10] = str(int(row[10]) + 1)
    if which != 0:
        other[7] = person if row[7] != person else ""
    return other


@cache
def real_term_dir() -> Path:
    """The folder of the real term (PORTAL_REAL_TERM), or of an invented one where there is none."""
    given = os.environ.get("PORTAL_REAL_TERM") or "../shared/data/real-term"
    folder = Path(__file__).resolve().parents[2] / given
    if (folder / "offerings.csv").is_file():
        return folder
    invented = Path(tempfile.mkdtemp(prefix="portal-term-"))
    register(shutil.rmtree, invented, ignore_errors=True)
    return write_term(invented)


@pytest.fixture(scope="session")
def real_term() -> Path:
    """The folder of a whole term's files."""
    return real_term_dir()
