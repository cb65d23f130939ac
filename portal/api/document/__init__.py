"""The OpenAPI document of the API, made from what validates, guards and answers."""

from portal.api.document.building import build_document

__all__ = ["build_document"]
