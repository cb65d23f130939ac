"""What an answer says when something went wrong."""

from portal.api.schemas.common import Given


class ErrorShown(Given):
    """`details` are sentences for people; `fields` the same by the name of the input at fault."""

    error: str
    details: list[str]
    fields: dict[str, list[str]]
    request_id: str | None
