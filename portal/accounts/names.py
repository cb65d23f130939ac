"""What people are called."""


def full_name(first: str | None, last: str | None) -> str:
    """First and last name; empty for nobody."""
    return f"{first or ''} {last or ''}".strip()
