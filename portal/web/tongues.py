"""Translating quickly: a page asks for some hundred sentences, and each of them is looked up a single time.

Flask-Babel finds out anew for each sentence which language the request is in; here that is asked once.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from babel.support import NullTranslations, Translations
from flask import Flask, g, has_app_context
from flask_babel import Babel, Domain
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

# Translations that templates have asked for as they stand, without anything put in, as markup. Catalogues are few.
_Found = dict[str, Markup]
_MOST = 5000
_AnyTranslations = Translations | NullTranslations


class QuickDomain(Domain):
    """The catalogue of the request's language, found once for as long as the request stays in that language."""

    def get_translations(self) -> _AnyTranslations:
        """The catalogue; one without any sentence outside of a request."""
        # Outside of a request there is no such thing; at its beginning nothing was found yet.
        with suppress(AttributeError, RuntimeError):
            around = g._get_current_object()._flask_babel
            language, found = around.portal_translations
            if around.babel_locale is language:
                return cast(_AnyTranslations, found)
        translations: _AnyTranslations = super().get_translations()
        around = g.get("_flask_babel") if has_app_context() else None
        if around is not None:
            around.portal_translations = (around.babel_locale, translations)
        return translations


def init_tongues(app: Flask, babel: Babel) -> None:
    """Have sentences translated this way, in Python and in templates."""
    domain = QuickDomain()
    babel.domain_instance = domain

    def gettext(text: str) -> str:
        return str(domain.get_translations().ugettext(text))

    def ngettext(one: str, many: str, number: int) -> str:
        return str(domain.get_translations().ungettext(one, many, number))

    def pgettext(about: str, text: str) -> str:
        return str(domain.get_translations().upgettext(about, text))

    def npgettext(about: str, one: str, many: str, number: int) -> str:
        return str(domain.get_translations().unpgettext(about, one, many, number))

    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=gettext, ngettext=ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext
    )
    app.jinja_env.globals["_"] = app.jinja_env.globals["gettext"] = _translator(domain)


def _translator(domain: QuickDomain) -> Callable[..., str]:
    """`_` of templates: what is put in is escaped where the template escapes."""
    kept: dict[int, tuple[_AnyTranslations, _Found]] = {}

    @pass_context
    def translate(context: Context, text: str, **values: Any) -> str:
        translations = domain.get_translations()
        if not context.eval_ctx.autoescape:
            return str(translations.ugettext(text)) % values
        if values:
            return Markup(translations.ugettext(text)) % values  # noqa: S704 (a catalogue is markup, as in Jinja)
        _same, found = kept.setdefault(id(translations), (translations, {}))
        plain = found.get(text)
        if plain is None:
            if len(found) >= _MOST:
                found.clear()
            plain = found[text] = Markup(translations.ugettext(text)) % {}  # noqa: S704 (as above)
        return plain

    return translate
