"""How hard a password is to guess: in words, in the reader's language, and never for long."""

import ast
import inspect
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import zxcvbn
from flask_babel import force_locale
from sqlalchemy import func, select
from zxcvbn import feedback, matching

from portal.accounts import passwords, strength
from portal.accounts.models import User
from portal.accounts.strength import SENTENCES, check_strength, judge
from portal.errors import DomainError
from portal.extensions import db
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn

ALINE = ("Aline", "Uwase-Mugisha", "aline.u@example.org", "Teaching portal")


@pytest.fixture
def ctx(bare_app):
    with bare_app.test_request_context():
        yield


def sentences_of_zxcvbn() -> set[str]:
    """Every text that its feedback module hands to gettext."""
    calls = (node for node in ast.walk(ast.parse(inspect.getsource(feedback))) if isinstance(node, ast.Call))
    marked = (call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "_")
    return {ast.literal_eval(call.args[0]) for call in marked}


def test_every_sentence_of_zxcvbn_is_marked_for_translation():
    said = sentences_of_zxcvbn()
    assert len(said) > 20
    assert said == set(SENTENCES)


@pytest.mark.parametrize(
    "password",
    [
        "four words in a row",
        "a-quiet-harbour-7",
        "demo-pass-2026",
        "x7#Kp!2mQz9$",
        "📚🎻🥭🧭🛶🪁🎲🧶🪴🗿",
        "كلمة السر الطويلة",
    ],
)
def test_what_is_hard_to_guess_will_do(ctx, password):
    check_strength(password, ALINE)
    assert judge(password, ALINE).is_enough


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("password1234", "This is a very common password."),
        ("qwertyuiop", "one of the hundred most common"),
        ("aaaaaaaaaaaa", "Repeats like “aaa” are easy to guess. "),
        ("📚" * 12, "Repeats like “aaa”"),
        ("abcdefghijkl", "Sequences like “abc”"),
        ("P@ssw0rdP@ssw0rd", "Repeats like “abcabcabc”"),
        ("alineuwase12", "Your name, your address and the name of the portal"),
        ("Aline Uwase 12", "Your name, your address"),
        ("MUGISHA-2026", "Your name, your address"),
        ("aline.u@example.org", "Your name, your address"),
        ("teachingportal", "Your name, your address"),
    ],
)
def test_what_is_easy_to_guess_is_refused_with_the_reason_and_what_to_do(ctx, password, said):
    with pytest.raises(DomainError) as caught:
        check_strength(password, ALINE)
    assert caught.value.field == "password"
    assert str(caught.value).startswith("This password is too easy to guess. ")
    assert said in str(caught.value)
    assert "Add another word or two." in str(caught.value)


def test_a_name_counts_without_its_accents_too(ctx):
    assert judge("rené-françois", ("René-François", "x@example.org")).score < strength.ENOUGH
    assert judge("renefrancois77", ("René-François", "x@example.org")).score < strength.ENOUGH
    assert judge("renefrancois77", ("Ada",)).is_enough


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "Use at least 10 characters."),
        ("nine char", "Use at least 10 characters."),
        ("e\u0301" * 9, "Use at least 10 characters."),
        ("x" * 73, "Use at most 72 characters."),
        ("é" * 37, "Use at most 72 characters."),
        ("📚" * 19, "Use at most 72 characters."),
        ("x" * 2_000_000, "Use at most 72 characters."),
        ("nul\0in the middle", "a character in it that no keyboard types"),
        ("a bell \a in the middle", "a character in it that no keyboard types"),
        ("half of \ud83d an emoji", "a character in it that no keyboard types"),
    ],
)
def test_the_rules_come_first(ctx, password, said):
    for refuse in (passwords.check_rules, check_strength, passwords.hash_password):
        with pytest.raises(DomainError) as caught:
            refuse(password)
        assert said in str(caught.value)
        assert caught.value.field == "password"
    assert said in str(judge(password).warning)


def test_the_reason_is_given_in_the_language_of_the_reader(bare_app, monkeypatch):
    with bare_app.test_request_context():
        found = judge("aaaaaaaaaaaa")
        with force_locale("fr"):
            # Lazy: translated when shown, not when made.
            assert type(found.warning).__name__ == "LazyString"
            assert type(found.word).__name__ == "LazyString"


@pytest.mark.parametrize("letters", ["4@8({[<369&#!1/|0$5+7%2", "0123456789|+", "!|1l7tT+L", "@4aA{[(<cC"])
def test_no_password_keeps_it_busy(ctx, monkeypatch, letters):
    """Each way to read its signs as letters is a search of its own: all of them took three seconds."""
    asked, really = [], zxcvbn.zxcvbn
    monkeypatch.setattr(zxcvbn, "zxcvbn", lambda read, **given: asked.append(read) or really(read, **given))
    judge((letters * 9)[:72], ALINE)
    ways = [
        len(matching.enumerate_l33t_subs(matching.relevant_l33t_subtable(read, matching.L33T_TABLE))) for read in asked
    ]
    assert asked
    assert max(ways) <= 32


def test_signs_that_stand_for_letters_are_still_seen_through(ctx):
    assert not judge("P@$$w0rd!(").is_enough
    assert not judge("p@$$w0rd+p@$$w0rd+").is_enough


def test_it_never_meets_more_letters_than_it_takes(ctx):
    # 24 characters of three bytes each that fold to eighteen letters.
    judge("ﷺ" * 24, ("ﷺ",))
    judge("e\u0301" * 36, ALINE)


def test_many_may_ask_at_once_and_each_for_themselves(bare_app):
    """zxcvbn keeps a person's words for the whole process."""
    before = sys.getswitchinterval()

    def ask(number: int) -> int:
        with bare_app.test_request_context():
            return judge("zebulon quagmire", ("Zebulon", "Quagmire") if number % 2 else ("Ada", "Byron")).score

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            scores = list(pool.map(ask, range(100)))
    finally:
        sys.setswitchinterval(before)
    assert set(scores[::2]) == {4}
    assert max(scores[1::2]) < strength.ENOUGH


def test_an_accent_is_the_same_however_the_keyboard_sends_it():
    kept = passwords.hash_password("une journée d'été")
    assert passwords.matches("une journe\u0301e d'e\u0301te\u0301", kept)
    assert not passwords.matches("une journee d'ete", kept)


# --- while one types


def meter(client, password="", **more):
    return client.post("/password/strength", data={"password": password, **more}, headers={"HX-Request": "true"})


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short", ["Will not do yet", "Use at least 10 characters."]),
        ("aaaaaaaaaaaa", ["Easy to guess", "Repeats like", "Add another word or two."]),
        ("four words in a row", ["Very hard to guess"]),
        ("a\0b", ["no keyboard types"]),
        ("x" * 400_000, ["Use at most 72 characters."]),
    ],
)
def test_the_live_word_says_it_in_a_fragment(client, password, said):
    answer = meter(client, password)
    assert answer.status_code == 200
    assert all(part in answer.text for part in said)
    assert "<html" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert password not in answer.text


def test_the_live_word_is_silent_about_nothing(client):
    answer = meter(client).text
    assert "strength-bar" in answer
    assert not any(part in answer for part in ("<strong", "hint", "data-score"))


def test_the_live_word_knows_the_names_in_the_form_and_who_is_signed_in(client, make, sign_in):
    assert "Very hard to guess" in meter(client, "zebulon quagmire").text
    typed = {"first_name": "Zebulon", "last_name": "Quagmire"}
    assert "Your name" in meter(client, "zebulon quagmire", **typed).text
    assert "Your name" in meter(client, "zebulon quagmire", username="zebulon.quagmire@example.org").text
    sign_in(client, make.student(**typed))
    assert "Your name" in meter(client, "zebulon quagmire").text


def test_what_is_typed_is_never_logged(client, monkeypatch):
    said = []
    monkeypatch.setattr("portal.web.requests.log.info", lambda _event, **facts: said.append(facts))
    meter(client, "a very secret thing", email="someone@example.org")
    assert len(said) == 1
    assert "secret" not in str(said)
    assert "someone" not in str(said)


def test_the_live_word_is_limited_and_falls_silent_without_an_error_page(build_fresh_app):
    app = build_fresh_app(ratelimit_enabled=True)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    answers = [meter(client, "x") for _ in range(301)]
    assert [answer.status_code for answer in answers] == [200] * 300 + [429]
    assert (answers[-1].text, answers[-1].headers["HX-Reswap"]) == ("", "none")


def test_the_live_word_wants_the_token_of_its_page(fresh_app):
    assert meter(fresh_app.test_client(), "four words in a row").status_code == 400


# --- the command


def add(app, password, **more):
    args = ["users", "add", "root@example.org", "--role", "admin", "--password-stdin"]
    args += [part for name, value in more.items() for part in (f"--{name.replace('_', '-')}", value)]
    return app.test_cli_runner().invoke(args=args, input=f"{password}\n")


@pytest.mark.parametrize("password", ["qwertyuiop", "root-example", "Ada Byron 12", "short", ""])
def test_the_command_takes_no_weak_password_either(app, password):
    answer = add(app, password, first_name="Ada", last_name="Byron")
    assert answer.exit_code == 1
    assert "too easy to guess" in answer.output or "at least 10" in answer.output
    with app.app_context():
        assert db.session.scalar(select(func.count(User.id))) == 0


def test_the_command_takes_a_good_one(app):
    assert add(app, PASSWORD).exit_code == 0
