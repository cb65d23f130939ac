"""What the demo institution teaches, to whom, and who teaches it. Its codes are kept here to be found again."""

from dataclasses import dataclass

BREAK_NAME = "Reading week (demo)"

# Department: name, and its modules, whose codes are the department's with 101, 201, …
DEPARTMENTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "NURS": (
        "Nursing and Midwifery",
        (
            "Foundations of Nursing",
            "Anatomy and Physiology",
            "Pharmacology for Nurses",
            "Maternal and Child Health",
            "Community Health Practice",
        ),
    ),
    "COMP": (
        "Computing",
        (
            "Introduction to Programming",
            "Discrete Mathematics",
            "Databases",
            "Computer Networks",
            "Human–Computer Interaction",
        ),
    ),
    "TEDU": (
        "Education",
        (
            "How Children Learn",
            "Teaching to Read and Write",
            "Assessment for Learning",
            "Inclusive Classrooms",
            "School Placement I",
        ),
    ),
    "BUSM": (
        "Business and Management",
        (
            "Principles of Accounting",
            "Marketing",
            "Organisations and People",
            "Entrepreneurship in Practice",
            "Supply Chains",
        ),
    ),
    "LAWS": (
        "Law",
        ("Introduction to Law", "Law of Contract", "Human Rights Law", "Legal Writing", "Land and Property"),
    ),
    "ENGI": (
        "Engineering",
        ("Engineering Mathematics", "Statics", "Electric Circuits", "Materials Science", "Thermodynamics"),
    ),
    "AGRI": (
        "Agriculture and Food",
        ("Soil Science", "Crop Production", "Food Safety", "Irrigation", "Agricultural Economics"),
    ),
    "LANG": (
        "Languages and Communication",
        (
            "Academic Writing",
            "French for Beginners",
            "Intercultural Communication, with Special Regard to the Languages of the Great Lakes Region",
            "Kiswahili I",
            "Translation Workshop",
        ),
    ),
}

# Code: name and programme.
COHORTS = {
    "DEMO-HEALTH": ("Health Sciences", "Bachelor of Nursing Science"),
    "DEMO-COMPUTING": ("Computing", "Bachelor of Science in Computing"),
    "DEMO-EDUCATION": ("Education", "Bachelor of Education"),
    "DEMO-BUSINESS": ("Business and Law", "Bachelor of Business Administration"),
    "DEMO-ENGINEERING": ("Engineering and Agriculture", "Bachelor of Engineering"),
    "DEMO-LANGUAGES": ("Languages", "Bachelor of Arts in Languages"),
}


@dataclass(frozen=True, slots=True)
class Course:
    """One course: its module's number in the department, and what is out of the ordinary about it."""

    department: str
    number: int
    facilitator: str | None
    mode: str = "In-person"
    intake: str = "FT"
    has_roster: bool = True
    is_cancelled: bool = False

    @property
    def module(self) -> str:
        """The module's code."""
        return module_code(self.department, self.number)


@dataclass(frozen=True, slots=True)
class StudyClass:
    """A class, how many students it has, and its courses."""

    name: str
    cohort: str
    size: int
    courses: tuple[Course, ...]

    @property
    def section(self) -> str:
        """The last letter of the name."""
        return self.name[-1]


def module_code(department: str, number: int) -> str:
    """NURS-101 for the first module of nursing."""
    return f"{department}-{number}01"


CLASSES = (
    StudyClass(
        "Health 1A",
        "DEMO-HEALTH",
        35,
        (
            Course("NURS", 1, "DF-01"),
            Course("NURS", 2, "DF-01"),
            Course("NURS", 3, "DF-01", "Hybrid"),
            Course("NURS", 4, "DF-01"),
            Course("NURS", 5, "DF-02"),
        ),
    ),
    StudyClass(
        "Health 1B",
        "DEMO-HEALTH",
        30,
        (Course("NURS", 1, "DF-01"), Course("NURS", 2, "DF-01", "Online"), Course("NURS", 3, "DF-02", "Hybrid")),
    ),
    StudyClass(
        "Computing 1A",
        "DEMO-COMPUTING",
        34,
        (
            Course("COMP", 1, "DF-03"),
            Course("COMP", 2, "DF-03"),
            Course("COMP", 3, "DF-04", "Online"),
            Course("COMP", 4, "DF-04", "Online"),
            Course("COMP", 5, "DF-05", "Hybrid"),
        ),
    ),
    StudyClass(
        "Computing 1B",
        "DEMO-COMPUTING",
        20,
        (Course("COMP", 1, "DF-03", "Online"), Course("COMP", 2, "DF-04", intake="HT2")),
    ),
    StudyClass(
        "Education 2A",
        "DEMO-EDUCATION",
        28,
        (
            Course("TEDU", 1, "DF-06"),
            Course("TEDU", 2, "DF-06"),
            Course("TEDU", 3, "DF-07", intake="HT1"),
            Course("TEDU", 4, "DF-07", "Hybrid"),
        ),
    ),
    StudyClass(
        "Education 2B",
        "DEMO-EDUCATION",
        18,
        (Course("TEDU", 2, "DF-06", "Hybrid"), Course("TEDU", 5, None, has_roster=False)),
    ),
    StudyClass(
        "Business 1A",
        "DEMO-BUSINESS",
        32,
        (
            Course("BUSM", 1, "DF-08"),
            Course("BUSM", 2, "DF-08", "Online"),
            Course("BUSM", 3, "DF-08"),
            Course("BUSM", 4, "DF-08", "Hybrid"),
        ),
    ),
    StudyClass(
        "Law 1A",
        "DEMO-BUSINESS",
        22,
        (
            Course("LAWS", 1, "DF-09"),
            Course("LAWS", 2, "DF-09", "Hybrid"),
            Course("LAWS", 3, None, intake="HT2", has_roster=False),
        ),
    ),
    StudyClass(
        "Engineering 2A",
        "DEMO-ENGINEERING",
        30,
        (
            Course("ENGI", 1, "DF-10"),
            Course("ENGI", 2, "DF-10"),
            Course("ENGI", 3, "DF-11"),
            Course("ENGI", 4, "DF-11", is_cancelled=True),
        ),
    ),
    StudyClass(
        "Agriculture 1A",
        "DEMO-ENGINEERING",
        15,
        (Course("AGRI", 1, "DF-12"), Course("AGRI", 2, "DF-12", intake="HT1"), Course("AGRI", 3, None)),
    ),
    StudyClass(
        "Languages 1A",
        "DEMO-LANGUAGES",
        21,
        (Course("LANG", 1, "DF-13"), Course("LANG", 2, "DF-13", "Online"), Course("LANG", 3, "DF-14")),
    ),
    StudyClass(
        "Languages 1B",
        "DEMO-LANGUAGES",
        15,
        (Course("LANG", 4, "DF-14", "Self-paced"), Course("LANG", 5, "DF-15", "Self-paced", has_roster=False)),
    ),
)
# The class of the student who has a demo account, who is its first.
STUDENT_CLASS = "Computing 1A"

MODULE_CODES = tuple(
    module_code(code, number) for code, (_, names) in DEPARTMENTS.items() for number in range(1, len(names) + 1)
)
CLASS_NAMES = tuple(one.name for one in CLASSES)
STUDENT_NUMBERS = tuple(f"DS-{number:04}" for number in range(1, sum(one.size for one in CLASSES) + 1))
