"""The form of a round: what staff set is asked, and what is typed is told by field."""

from typing import Any

import msgspec
import pytest

from pb_service.core.proposals.form import (
    Draft,
    FieldRule,
    ProposalForm,
    Question,
    Theme,
    form_content,
    form_problems,
    problems,
    public_text,
    read_form,
)
from tests.rounds import text

SCHOOL = Question("school", text("Koulu"), kind="choice", options=(Theme("a", text("A")), Theme("b", text("B"))))
GOOD = Draft(title="Penkkejä", need="Ei istumapaikkaa", idea="Kolme penkkiä rantapolun varteen", theme="nature")


def codes(form: ProposalForm, draft: Draft) -> list[tuple[str, str]]:
    return [(problem.field, problem.code) for problem in problems(form, draft, ["north"])]


def test_a_good_draft_has_no_problem() -> None:
    assert codes(ProposalForm(), GOOD) == []
    assert form_problems(ProposalForm()) == []


def test_what_is_missing_is_told_in_the_order_of_the_form() -> None:
    missing = [("need", "required"), ("title", "required"), ("idea", "required"), ("theme", "required")]
    assert codes(ProposalForm(), Draft()) == missing


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"title": "a" * 81}, ("title", "too_long")),
        ({"idea": "lyhyt"}, ("idea", "too_short")),
        ({"theme": "space"}, ("theme", "choice")),
        ({"district": "south"}, ("district", "choice")),
        ({"cost_hint": -1}, ("cost_hint", "range")),
        ({"show_author": "group"}, ("group_name", "required")),
        ({"age_group": "200"}, ("age_group", "choice")),
    ],
)
def test_each_wrong_field_is_named(change: dict[str, Any], found: tuple[str, str]) -> None:
    assert codes(ProposalForm(), msgspec.structs.replace(GOOD, **change)) == [found]


def test_a_field_that_is_not_asked_is_not_looked_at() -> None:
    form = ProposalForm(need=FieldRule(asked=False, required=True))
    assert codes(form, msgspec.structs.replace(GOOD, need="")) == []


def test_a_question_of_the_round_is_checked_and_shown_only_if_it_is_public() -> None:
    form = ProposalForm(questions=(SCHOOL, Question("phone", text("Puhelin"), required=True, public=False)))
    assert codes(form, msgspec.structs.replace(GOOD, answers={"school": "c"})) == [
        ("answers.school", "choice"),
        ("answers.phone", "required"),
    ]
    answered = msgspec.structs.replace(GOOD, answers={"school": "a", "phone": "040"})
    assert public_text(form, answered).answers == {"school": "a"}


def test_a_form_comes_back_as_it_was_stored() -> None:
    form = ProposalForm(questions=(SCHOOL,), support_limit=3)
    assert read_form(form_content(form)) == form
    assert read_form({}) == ProposalForm()


@pytest.mark.parametrize(
    ("form", "field"),
    [
        (ProposalForm(title=FieldRule(least=90, most=80)), "title.most"),
        (ProposalForm(idea=FieldRule(asked=False)), "title.asked"),
        (ProposalForm(themes=(Theme("a", text("A")), Theme("a", text("B")))), "themes.1.key"),
        (ProposalForm(themes=(Theme("A!", text("A")),)), "themes.0.key"),
        (ProposalForm(questions=(Question("q", {}),)), "questions.0.name"),
        (ProposalForm(questions=(Question("q", text("Q"), kind="choice"),)), "questions.0.options"),
        (ProposalForm(support_limit=0), "support_limit"),
        (ProposalForm(review_days=0), "review_days"),
    ],
)
def test_a_form_that_asks_nonsense_is_refused(form: ProposalForm, field: str) -> None:
    assert [problem.field for problem in form_problems(form)] == [field]
