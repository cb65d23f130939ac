"""What students of the demo institution say of their courses, and what one facilitator answers."""

from typing import Any

from portal.reflections.models import QuestionKind

# A form of the demo: its names, and its questions as they stand in the table.
START = ("First impressions (demo)", "Premières impressions (démo)")
HALF_WAY = ("Half-way through (demo)", "À mi-chemin (démo)")
QUESTIONS: tuple[dict[str, Any], ...] = (
    {
        "key": "overall", "kind": QuestionKind.SCALE, "is_required": True,
        "prompt_en": "Does this course help you to learn?", "prompt_fr": "Ce cours vous aide-t-il à apprendre\u202f?",
        "low_en": "Not at all", "low_fr": "Pas du tout", "high_en": "Very much", "high_fr": "Tout à fait",
    },
    {
        "key": "helps", "kind": QuestionKind.TEXT,
        "prompt_en": "What helps you most?", "prompt_fr": "Qu’est-ce qui vous aide le plus\u202f?",
    },
    {
        "key": "change", "kind": QuestionKind.TEXT,
        "prompt_en": "What should change, and why?", "prompt_fr": "Qu’est-ce qui devrait changer, et pourquoi\u202f?",
        "hint_en": "Avoid names: speak of the course, not of a person.",
        "hint_fr": "Évitez les noms\u00a0: parlez du cours, pas d’une personne.",
    },
)  # fmt: skip
SAID: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "helps": (
            "The worked examples at the start of each session. I copy them and try the next one alone.",
            "Worked examples, and that we may ask in between.",
            "The practice sessions on Thursday. By then I have read the text and know what I do not know.",
            "Small groups. In a small group I dare to ask.",
            "The quick checks after each lesson: five minutes, and I know whether I have understood.",
            "Practice sessions with real cases.",
            "That feedback comes within the week.",
            "The slides are there the evening before.",
        ),
        "change": (
            "More time for questions at the end; we always run over.",
            "The reading list is long. Say which two texts matter.",
            "Feedback on the first assignment came after the second was due.",
            "More practice sessions, fewer slides.",
            "The room is too small, and late-comers stand.",
            "Please keep the break at ten o’clock.",
            "More time for the worked examples.",
        ),
    },
    "fr": {
        "helps": (
            "Les exemples corrigés au début de chaque séance.",
            "Les travaux pratiques du jeudi\u00a0: on essaie, on se trompe, on comprend.",
            "Les petits groupes. J’ose y poser mes questions.",
            "Les exemples corrigés, et le fait de pouvoir poser des questions.",
            "Le retour sur nos devoirs, toujours dans la semaine.",
        ),
        "change": (
            "Davantage de temps pour les questions à la fin.",
            "La liste de lectures est longue\u00a0: quels sont les deux textes importants\u202f?",
            "Davantage de travaux pratiques.",
            "La salle est trop petite.",
        ),
    },
}
REPLY = (
    "Thank you for taking the time.\n\nTwo things change from next week: the last fifteen minutes are for your "
    "questions, and the reading list marks the two texts that matter.\n\nThe room stays, I am afraid. Come early, "
    "and we begin with a worked example."
)
