"""What forms about courses send."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, DateField, HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from portal.allocations.models import MAX_STUDENTS
from portal.allocations.services.offerings import MAX_SUMMARY, MAX_TITLE
from portal.allocations.services.open_courses import CLOSED, OPEN, OpenDraft
from portal.errors import DomainError
from portal.folding import one_line, whole_number
from portal.learning.courses.models import ALT_LIMIT, SYLLABUS_LIMIT
from portal.learning.courses.queries import CatalogueFilter, CourseView
from portal.learning.courses.queries.catalogue import PAGE_SIZE, SORTS
from portal.learning.courses.services import PageDraft
from portal.paging import Cursor, PageRequest
from portal.web.forms import PortalForm

# A list longer than any cohort is no list that somebody typed.
MOST_LINES = 2_000
_TOO_LONG = _l("This takes at most %(max)d characters.")


class _Form(PortalForm):
    """What the forms of a course's page do."""

    def complain(self, field: str | None, message: str) -> None:
        """Put what a rule says at the field that it is about, else at the title."""
        self.put_error(_NAMES.get(field or "", "title"), message)

    def show(self, error: DomainError) -> None:
        """As `complain`, for what a service raised."""
        self.complain(error.field, str(error))


class PageForm(_Form):
    """What the page of a course says, whatever its kind."""

    title = StringField(_l("Title"), [Length(max=MAX_TITLE, message=_TOO_LONG)])
    summary = TextAreaField(_l("Summary"), [Length(max=MAX_SUMMARY, message=_TOO_LONG)])
    syllabus = TextAreaField(_l("Syllabus"), [Length(max=SYLLABUS_LIMIT, message=_TOO_LONG)])
    version = HiddenField()

    def draft(self) -> PageDraft:
        """What a valid form asks for."""
        return PageDraft(self._words(), text_of(self.syllabus.data))

    def _words(self) -> dict[str, Any]:
        return {"title": one_line(self.title.data) or None, "summary": text_of(self.summary.data) or None}

    @property
    def seen(self) -> int:
        """The version of the course that the form was drawn with; 0 when it says none."""
        return whole_number(self.version.data) or 0


class OpenForm(PageForm):
    """An open course: besides its words when it runs, for how many, and whether students can enrol."""

    title = StringField(
        _l("Title"),
        [InputRequired(_l("Give the course a title.")), Length(max=MAX_TITLE, message=_TOO_LONG)],
    )
    start_date = DateField(_l("First day"), [InputRequired(_l("Enter a day."))])
    end_date = DateField(_l("Last day"), [InputRequired(_l("Enter a day."))])
    places = IntegerField(
        _l("Places"),
        [
            InputRequired(_l("Enter a whole number.")),
            NumberRange(1, MAX_STUDENTS, _l("Places must be between 1 and %(max)s.")),
        ],
        default=30,
    )
    takes = BooleanField(_l("Students can enrol by themselves"), default=True)

    def open_draft(self) -> OpenDraft:
        """The course that a valid form asks for."""
        return OpenDraft(**self._words(), **self._frame(), policy=self._policy())

    def draft(self) -> PageDraft:
        """What a valid form asks for."""
        return PageDraft(self._words() | self._frame(), text_of(self.syllabus.data), self._policy())

    def _frame(self) -> dict[str, Any]:
        return {"start_date": self.start_date.data, "end_date": self.end_date.data, "max_students": self.places.data}

    def _policy(self) -> str:
        return OPEN if self.takes.data else CLOSED


class CoverForm(_Form):
    """The words that stand for a course's picture; the file comes beside them."""

    alt = StringField(_l("What the picture shows"), [Length(max=ALT_LIMIT, message=_TOO_LONG)])
    deed = HiddenField()


# The form's name of each field that a rule may be about.
_NAMES: Mapping[str, str] = {
    "title": "title", "summary": "summary", "syllabus": "syllabus", "start_date": "start_date",
    "end_date": "end_date", "max_students": "places", "cover": "alt",
}  # fmt: skip


def form_for(course: CourseView, sent: MultiDict[str, str] | None = None) -> PageForm:
    """The form of a course's page as it stands, or as it was sent; places and dates for open courses alone."""
    if sent is not None:
        return OpenForm(sent) if course.card.is_open else PageForm(sent)
    own_title = course.card.name if course.has_own_title else ""
    values: dict[str, Any] = {
        "title": own_title, "summary": course.card.summary or "", "syllabus": course.syllabus,
        "version": str(course.version), "start_date": course.card.start_date, "end_date": course.card.end_date,
        "places": course.card.places, "takes": course.policy == OPEN,
    }  # fmt: skip
    return OpenForm(None, data=values) if course.card.is_open else PageForm(None, data=values)


def text_of(text: str | None) -> str:
    """A text of several lines as it is kept."""
    sane = (text or "").replace("\0", " ").encode("utf-8", "replace").decode()
    return sane.replace("\r\n", "\n").strip()


def lines_of(text: str | None) -> Sequence[str]:
    """The student numbers or addresses in a text, one in a line or between commas; each once, in their order."""
    parts = (text or "").replace(",", "\n").replace(";", "\n").splitlines()
    return list(dict.fromkeys(one for one in map(one_line, parts) if one))[: MOST_LINES + 1]


def catalogue_asked(args: Mapping[str, str]) -> tuple[CatalogueFilter, PageRequest]:
    """What an address of the catalogue asks for; what cannot be is left out."""
    begins = args.get("begins", "")
    wanted = CatalogueFilter(
        q=one_line(args.get("q"))[:200],
        department=one_line(args.get("department"))[:100],
        begins=begins if begins in {"running", "coming"} else "",
        with_places=args.get("places") == "free",
    )
    sort = args.get("sort", "")
    sort = sort if sort in SORTS else SORTS[0]
    return wanted, PageRequest(sort, sort == "new", Cursor.decode(args.get("after")), PAGE_SIZE)


def catalogue_args(wanted: CatalogueFilter, page: PageRequest, **more: str | None) -> dict[str, str]:
    """The address of a view of the catalogue."""
    parts: dict[str, str | None] = {
        "q": wanted.q,
        "department": wanted.department,
        "begins": wanted.begins,
        "places": "free" if wanted.with_places else "",
        "sort": "" if page.sort == SORTS[0] else page.sort,
    }
    return {name: value for name, value in (parts | more).items() if value}


def faults_in_lines(lines: Sequence[str], found: Mapping[str, int]) -> str:
    """What is wrong with a list of students; empty when nothing is."""
    if not lines:
        return str(_("Write at least one student number or address."))
    if len(lines) > MOST_LINES:
        return str(_("At most %(most)s students are taken at once.", most=MOST_LINES))
    unknown = [one for one in lines if one not in found]
    if not unknown:
        return ""
    shown = ", ".join(one[:60] for one in unknown[:10])
    more = _(" and %(count)s more", count=len(unknown) - 10) if len(unknown) > 10 else ""
    return str(_("Nobody was enrolled: these are not known: %(names)s%(more)s.", names=shown, more=more))
