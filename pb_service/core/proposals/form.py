"""The form of a round's proposals, as staff set it, and what somebody typed into it, checked.

Staff decide which fields are asked, how long they may be, what helps to fill them in, and add questions of their own.
What is wrong is told as problems (field, code, values), never as exceptions: all of it is people's input.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any, Literal, cast

import msgspec
from msgspec import Struct

from pb_service.core.proposals.places import Place
from pb_service.core.proposals.texts import PublicText, cleaned
from pb_service.core.rounds.setup import Problem, Text, Wording
from pb_service.core.tally.instance import MAX_INTEGER

Language = Literal["fi", "sv", "en"]
ShowAuthor = Literal["name", "group", "hidden"]
StandardField = Literal["title", "need", "idea", "audience", "place", "theme", "cost_hint"]
STANDARD: tuple[StandardField, ...] = ("title", "need", "idea", "audience", "place", "theme", "cost_hint")
AGE_GROUPS = ("0-12", "13-17", "18-29", "30-44", "45-64", "65-")

#: Longest texts, in characters. Staff may allow less.
MOST_TITLE, MOST_TEXT, MOST_ANSWER, MOST_NAME = 120, 5_000, 2_000, 100
MOST_QUESTIONS, MOST_THEMES, MOST_OPTIONS = 20, 30, 30

_KEY = re.compile(r"[a-z][a-z0-9-]{0,39}")


class _Part(Struct, frozen=True, forbid_unknown_fields=True):
    """Part of a form's settings."""


class Theme(_Part, frozen=True):
    """A theme that a proposal may have. ``key`` stands in addresses and data."""

    key: str
    name: Text = {}


class FieldRule(_Part, frozen=True):
    """How one of the fields of every round is asked: not at all, or so long, with that help, required or not."""

    asked: bool = True
    required: bool = False
    least: int = 0
    most: int = MOST_TEXT
    help: Text = {}


class Question(_Part, frozen=True):
    """A question of the round's own. ``options`` are the choices by key; ``public``: shown with the proposal."""

    key: str
    label: Text
    help: Text = {}
    kind: Literal["line", "text", "choice", "yes", "number"] = "line"
    options: tuple[Theme, ...] = ()
    required: bool = False
    most: int = 200
    public: bool = True


def _text(fi: str, sv: str, en: str) -> Text:
    return {"fi": Wording(fi, "original"), "sv": Wording(sv, "translated"), "en": Wording(en, "translated")}


THEMES: tuple[Theme, ...] = (
    Theme("nature", _text("Puistot ja luonto", "Parker och natur", "Parks and nature")),
    Theme("sport", _text("Liikunta ja leikki", "Motion och lek", "Sport and play")),
    Theme("streets", _text("Kadut ja liikenne", "Gator och trafik", "Streets and traffic")),
    Theme("culture", _text("Kulttuuri ja tapahtumat", "Kultur och evenemang", "Culture and events")),
    Theme("youth", _text("Lapset ja nuoret", "Barn och unga", "Children and young people")),
    Theme("together", _text("Yhteisöllisyys", "Gemenskap", "Being together")),
    Theme("other", _text("Muu", "Annat", "Something else")),
)


class ProposalForm(_Part, frozen=True):
    """A round's form. ``support_limit``: how many proposals one resident may support (None: any number).

    ``review_days``: how long after a refusal its author may ask for a review.
    """

    title: FieldRule = FieldRule(required=True, least=5, most=80)
    need: FieldRule = FieldRule(required=True, least=10, most=1_500)
    idea: FieldRule = FieldRule(required=True, least=30, most=3_000)
    audience: FieldRule = FieldRule(most=600)
    place: FieldRule = FieldRule()
    theme: FieldRule = FieldRule(required=True)
    cost_hint: FieldRule = FieldRule()
    themes: tuple[Theme, ...] = THEMES
    questions: tuple[Question, ...] = ()
    support_limit: int | None = None
    review_days: int = 14
    pictures: int = 5


class Draft(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody typed. ``cost_hint`` in minor units; ``district`` a key, or empty for none or the whole city."""

    language: Language = "fi"
    title: str = ""
    need: str = ""
    idea: str = ""
    audience: str = ""
    theme: str | None = None
    district: str | None = None
    place: Place | None = None
    cost_hint: int | None = None
    answers: dict[str, str] = {}
    show_author: ShowAuthor = "hidden"
    group_name: str | None = None
    minor: bool = False
    age_group: str | None = None
    #: Numbers of proposals with which the author would gladly join this one.
    join_wishes: tuple[int, ...] = ()


def tidy(draft: Draft) -> Draft:
    """Return the draft with every text cleaned (texts.cleaned)."""
    return msgspec.structs.replace(
        draft,
        title=cleaned(draft.title, lines=False),
        need=cleaned(draft.need),
        idea=cleaned(draft.idea),
        audience=cleaned(draft.audience),
        answers={key: cleaned(text) for key, text in draft.answers.items()},
        group_name=cleaned(draft.group_name, lines=False) or None if draft.group_name else None,
    )


def problems(
    form: ProposalForm, draft: Draft, districts: Collection[str], *, only: Collection[str] | None = None
) -> list[Problem]:
    """Say what is wrong with a draft, in the order of the form; of the fields in ``only`` if given."""
    found: list[Problem] = []
    for name, most in (("need", MOST_TEXT), ("title", MOST_TITLE), ("idea", MOST_TEXT), ("audience", MOST_TEXT)):
        found += _text_problems(name, getattr(draft, name), getattr(form, name), most)
    themes = {theme.key for theme in form.themes}
    if draft.theme is not None and draft.theme not in themes:
        found.append(Problem("theme", "choice"))
    elif draft.theme is None and form.theme.asked and form.theme.required and themes:
        found.append(Problem("theme", "required"))
    for question in form.questions:
        found += _answer_problems(question, draft.answers.get(question.key, ""))
    if draft.district is not None and draft.district not in districts:
        found.append(Problem("district", "choice"))
    if draft.place is None and form.place.asked and form.place.required:
        found.append(Problem("place", "required"))
    if draft.cost_hint is not None and not 0 <= draft.cost_hint <= MAX_INTEGER:
        found.append(Problem("cost_hint", "range"))
    elif draft.cost_hint is None and form.cost_hint.asked and form.cost_hint.required:
        found.append(Problem("cost_hint", "required"))
    if draft.show_author == "group" and not draft.group_name:
        found.append(Problem("group_name", "required"))
    if draft.group_name and len(draft.group_name) > MOST_NAME:
        found.append(Problem("group_name", "too_long", {"most": MOST_NAME}))
    if draft.age_group is not None and draft.age_group not in AGE_GROUPS:
        found.append(Problem("age_group", "choice"))
    return [problem for problem in found if only is None or problem.field in only]


def _text_problems(name: str, text: str, rule: FieldRule, most: int) -> list[Problem]:
    if not rule.asked:
        return []
    if not text:
        return [Problem(name, "required")] if rule.required else []
    if len(text) > min(rule.most, most):
        return [Problem(name, "too_long", {"most": min(rule.most, most), "count": len(text)})]
    return [Problem(name, "too_short", {"least": rule.least})] if len(text) < rule.least else []


def _answer_problems(question: Question, answer: str) -> list[Problem]:
    name = f"answers.{question.key}"
    if not answer:
        return [Problem(name, "required")] if question.required else []
    if question.kind == "choice" and answer not in {option.key for option in question.options}:
        return [Problem(name, "choice")]
    if question.kind == "yes" and answer != "yes":
        return [Problem(name, "choice")]
    if question.kind == "number" and not (answer.isascii() and answer.isdigit() and len(answer) <= 12):
        return [Problem(name, "whole")]
    most = min(question.most, MOST_ANSWER)
    return [Problem(name, "too_long", {"most": most, "count": len(answer)})] if len(answer) > most else []


def public_text(form: ProposalForm, draft: Draft) -> PublicText:
    """Return what everybody may read of a draft."""
    public = {question.key for question in form.questions if question.public}
    return PublicText(
        language=draft.language,
        title=draft.title,
        need=draft.need,
        idea=draft.idea,
        audience=draft.audience,
        place=draft.place,
        answers={key: text for key, text in draft.answers.items() if key in public and text},
    )


def read_form(content: Mapping[str, Any]) -> ProposalForm:
    """Return a form as stored; what was never set has its default."""
    return msgspec.convert(content, ProposalForm)


def form_content(form: ProposalForm) -> dict[str, Any]:
    """Return a form as plain JSON values."""
    return cast(dict[str, Any], msgspec.to_builtins(form))


def form_problems(form: ProposalForm) -> list[Problem]:
    """Say what is wrong with the settings of a form."""
    found: list[Problem] = []
    for name, most in (("title", MOST_TITLE), ("need", MOST_TEXT), ("idea", MOST_TEXT), ("audience", MOST_TEXT)):
        rule: FieldRule = getattr(form, name)
        if not 0 <= rule.least <= rule.most <= most:
            found.append(Problem(f"{name}.most", "range", {"least": max(rule.least, 1), "most": most}))
    if not form.title.asked or not form.idea.asked:
        found.append(Problem("title.asked", "needed"))
    found += _keyed("themes", [theme.key for theme in form.themes], [theme.name for theme in form.themes], MOST_THEMES)
    questions = form.questions
    found += _keyed("questions", [item.key for item in questions], [item.label for item in questions], MOST_QUESTIONS)
    for number, question in enumerate(questions):
        if question.kind == "choice" and len(question.options) < 2:
            found.append(Problem(f"questions.{number}.options", "few", {"least": 2}))
        keys, names = [option.key for option in question.options], [option.name for option in question.options]
        found += _keyed(f"questions.{number}.options", keys, names, MOST_OPTIONS)
        if not 1 <= question.most <= MOST_ANSWER:
            found.append(Problem(f"questions.{number}.most", "range", {"least": 1, "most": MOST_ANSWER}))
    if form.support_limit is not None and not 1 <= form.support_limit <= 1_000:
        found.append(Problem("support_limit", "range", {"least": 1, "most": 1_000}))
    if not 1 <= form.review_days <= 365:
        found.append(Problem("review_days", "range", {"least": 1, "most": 365}))
    if not 0 <= form.pictures <= 20:
        found.append(Problem("pictures", "range", {"least": 0, "most": 20}))
    return found


def _keyed(path: str, keys: list[str], names: list[Text], most: int) -> list[Problem]:
    found = []
    if len(keys) > most:
        found.append(Problem(path, "too_many", {"most": most}))
    for number, (key, name) in enumerate(zip(keys, names, strict=True)):
        if not _KEY.fullmatch(key):
            found.append(Problem(f"{path}.{number}.key", "key"))
        elif key in keys[:number]:
            found.append(Problem(f"{path}.{number}.key", "twice", {"key": key}))
        if not any(wording.text for wording in name.values()):
            found.append(Problem(f"{path}.{number}.name", "required"))
    return found
