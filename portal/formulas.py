"""What a spreadsheet would take for a formula, and how a text is kept from being one."""

import re

# OWASP, "CSV injection": what a spreadsheet would run. Apostrophes before it mark it as mere text.
FORMULA = re.compile(r"[=+\-@\t\r]")
GUARDED = re.compile(r"'+[=+\-@\t\r]")


def guard(text: str) -> str:
    """A text as it is safe in a spreadsheet: an apostrophe comes before what could be taken for a formula."""
    return f"'{text}" if FORMULA.match(text) or GUARDED.match(text) else text
