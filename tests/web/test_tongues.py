"""Sentences are looked up once, and still follow the language of the request and what the template escapes."""

import pytest
from flask import render_template_string
from flask_babel import force_locale, gettext

from portal.web.locale import speak


def test_templates_follow_the_language_and_escape_what_is_put_in(bare_app):
    said = "{{ pgettext('course', 'Draft') }} {{ ngettext('%(num)s row', '%(num)s rows', 1) }}"
    page = "{{ _('Search') }} {{ _('Change “%(name)s”', name='<b>') }} {{ ngettext('%(num)s row', '%(num)s rows', 2) }}"
    with bare_app.test_request_context("/"):
        assert render_template_string(page) == "Search Change “&lt;b&gt;” 2 rows"
        assert render_template_string(said) == "Draft 1 row"
        speak("fr")
        assert render_template_string(said) == "Brouillon 1 ligne"
        french = render_template_string(page)
        assert french == render_template_string(page)
        assert french.startswith("Rechercher ")
        assert "&lt;b&gt;" in french
        with force_locale("en"):
            assert gettext("Search") == render_template_string("{{ _('Search') }}") == "Search"
        assert gettext("Search") == "Rechercher"


@pytest.mark.parametrize("text", ["100 %% sure", "%(n)s"])
def test_a_text_that_escapes_nothing_stays_plain(bare_app, text):
    with bare_app.test_request_context("/"):
        source = "{% autoescape false %}{{ _(text, n='<i>') }}{% endautoescape %}"
        assert bare_app.jinja_env.from_string(source).render(text=text) == text % {"n": "<i>"}
