"""What examples say: by the name of a member, and of a model where a name says too little."""

from collections.abc import Mapping
from typing import Any

# In the place of a value: an example without this member.
ABSENT = object()
_ITEMS = {
    "formative_one_grading": "Done", "formative_two_grading": "Pending", "summative_grading": "Not Started",
    "course_moderation": "Done", "intranet_sync": "Done", "grade_book_status": "Pending",
}  # fmt: skip
_LESSON = {"title": "Loops and lists"}
_COURSE = {"title": "Programming for economists"}
_CLASS = {"name": "CS 1A", "year": 2026}
_COHORT = {"code": "CS-2026", "name": "Computer Science 2026"}
_DEPARTMENT = {"code": "CS", "name": "Computer Science"}
_MODE = {"name": "Hybrid", "workload_percent": 100}
_ENDPOINT = {"disabled_reason": None, "disabled_at": None, "failing_since": None, "previous_secret_until": None}
_NEW = {"version": ABSENT}
_ACCOUNT = {"notification_email": None, "deletion_asked_at": None}

# What members of a name usually hold; anything else follows from its type.
USUAL: Mapping[str, Any] = {
    "email": "jane.smith@example.org",
    "password": "seven quiet harbours",
    "current_password": "eight loud harbours",
    "new_password": "seven quiet harbours",
    "first_name": "Jane",
    "last_name": "Smith",
    "role": "facilitator",
    "title": "Dr",
    "bio": "Teaches programming since 2009.",
    "locale": "en",
    "time_zone": "Africa/Kigali",
    "employee_id": "FAC001",
    "student_number": "S2026001",
    "specialization": "Web Development",
    "department": "Computer Science",
    "max_course_load": 4,
    "token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9…",
    "refresh_token": "OgnQ1x0vN8rJq2sY5tKd7wPzLmAbCfEhGiUjXoRy4Ts",
    "expires_in": 86400,
    "message": "Done.",
    "code": "CS101",
    "name": "Introduction to Programming",
    "course": "Introduction to Programming",
    "credits": 3,
    "level": "100",
    "section": "A",
    "program": "Bachelor of Science",
    "academic_year": 2026,
    "trimester": 3,
    "intake_period": "FT",
    "start_date": "2026-09-07",
    "end_date": "2026-12-18",
    "week_start": "2026-10-05",
    "due_at": "2026-10-12T17:00:00Z",
    "opens_on": "2026-12-07",
    "closes_on": "2026-12-18",
    "released_on": "2026-12-20",
    "on_day": "2026-12-09",
    "max_students": 30,
    "week_number": 5,
    "notes": "Good participation this week",
    "attendance": [True, True, False, True, True],
    "version": 1,
    "status": "active",
    "source": "staff",
    "reason": "Covers for a colleague",
    "url": "https://hooks.example.org/portal",
    "description": "Student information system",
    "events": ["log.submitted", "allocation.changed"],
    "summary": "Variables, loops, functions.",
    "body": "Read *chapter 3*.",
    "html": "<p>Read <em>chapter 3</em>.</p>\n",
    "note": "The date was wrong.",
    "receipt": "7d4f2c1e-58a0-4b7e-9d51-3f0a6c8b2e14",
    "percent": 75,
}

# By model: what stands there in the place of the usual, and members beside those that have a name of their own.
OF_MODEL: Mapping[str, Mapping[str, Any]] = {
    "LogNew": _ITEMS | _NEW,
    "LogChange": {"intranet_sync": "Done"},
    "LogShown": _ITEMS | {"state": "on_time", "submitted_at": "2026-10-09T09:12:00Z"},
    "SummaryShown": {
        "total": 40, "on_time": 31, "late": 4, "missing": 4, "open": 0, "not_due": 0, "excused": 1,
        "percent_on_time": 79,
    },
    "ReflectionNew": {"answers": {"overall": "4", "helps": "The worked examples."}},
    "FormShown": {"title_en": "At the end", "title_fr": "À la fin", "min_responses": 5},
    "QuestionShown": {
        "key": "overall", "kind": "scale", "prompt_en": "Does this course help you to learn?",
        "prompt_fr": "Ce cours vous aide-t-il à apprendre ?", "hint_en": "", "hint_fr": "", "low_en": "Not at all",
        "low_fr": "Pas du tout", "high_en": "Very much", "high_fr": "Tout à fait", "max_length": 1000,
    },
    "ResultShown": {"invited": 34, "responded": 22},
    "BinsShown": {
        "key": "overall", "kind": "scale", "answered": 22, "counts": [0, 0, 2, 10, 10], "average": 4.36, "texts": [],
    },
    "LessonNew": _LESSON, "LessonChange": _LESSON, "LessonListed": _LESSON, "LessonShown": _LESSON,
    "OfferingNew": _COURSE, "OfferingWhole": _COURSE, "OfferingChange": _COURSE,
    "OfferingShown": _COURSE | {
        "class": {"id": 1, "name": "CS 1A"}, "mode": {"id": 1, "name": "Hybrid"}, "cohort": {"id": 1, **_COHORT},
    },
    "ModuleWhole": _NEW, "ClassWhole": _CLASS | _NEW, "ClassChange": _CLASS, "ClassShown": _CLASS,
    "CohortWhole": _COHORT | _NEW, "CohortChange": _COHORT, "CohortShown": _COHORT,
    "DepartmentWhole": _DEPARTMENT | _NEW, "DepartmentChange": _DEPARTMENT, "DepartmentShown": _DEPARTMENT,
    "ModeWhole": _MODE | _NEW, "ModeChange": _MODE, "ModeShown": _MODE,
    "EnrolmentShown": {"position": None, "completed_at": None},
    "Me": _ACCOUNT,
    "PasswordReset": {"token": "uG3x0vN8rJq2sY5tKd7wPzLmAbCfEhGiUjXoRy4Ts0k"},
    "NotificationShown": {
        "kind": "allocation_given", "text": "A new course for you", "path": "/tracker/", "read_at": None,
        "details": ["CS101 · Introduction to Programming · CS 1A"],
    },
    "WebhookShown": _ENDPOINT, "WebhookMade": _ENDPOINT,
    "MessageShown": {
        "type": "enrolment.created", "state": "delivered", "next_attempt_at": None,
        "data": {"id": 7, "course_offering_id": 3, "student_id": 12, "status": "active", "source": "staff"},
    },
    "AttemptShown": {"status_code": 204, "error": None, "answer": "", "duration_ms": 120},
}  # fmt: skip
