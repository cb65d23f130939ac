"""How the demo institution's staff keep their weekly logs, and what they write in them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Habit:
    """How often, in percent, someone is late or sends nothing; `missed_lately` is how many weeks in a row just now."""

    late: int
    missing: int
    missed_lately: int = 0


USUAL = Habit(6, 2)
HABITS = {
    "DF-01": Habit(5, 0),
    "DF-06": Habit(25, 2),
    "DF-08": Habit(30, 12),
    "DF-12": Habit(5, 0, missed_lately=2),
    "DF-13": Habit(0, 0),
}

# Facilitator and teaching week: why nothing was owed.
EXCUSES = {
    ("DF-02", 5): "Field placement at the district hospital: the class did not meet.",
    ("DF-03", 2): "Power was off on the north campus for three days.",
    ("DF-10", 4): "En congé de maladie, remplacée par une collègue.",
    ("DF-13", 7): "Away as an external examiner, agreed with the academic office.",
}

NOTES = (
    "Two students asked for more time on the second task; agreed until Friday.",
    "Covered chapter 4. The group work took longer than planned, so the quiz moves to next week.",
    "Projector in room B12 does not work; the lab was used instead.",
    "Good discussion. Three students have not been seen for two weeks, told the programme office.",
    "Marks of the first assignment are in the grade book, moderation is still to come.",
    "Guest lecture by the district officer, very well received.",
    "Rain kept many away on Tuesday; slides and recording are on the intranet.",
    "Les copies sont corrigées ; les notes seront saisies lundi.",
    "Une étudiante a besoin d’un aménagement pour l’examen : dossier transmis.",
    "Séance déplacée au jeudi à cause de la grève des transports.",
)
