"""The fields in which a proposal is written, as people type them, and the draft that they mean."""

from collections.abc import Mapping, Sequence
from typing import Literal, cast, get_args
from uuid import UUID, uuid4

from pb_service.core.proposals.form import (
    AGE_GROUPS,
    Draft,
    Language,
    ProposalForm,
    Question,
    ShowAuthor,
    problems,
)
from pb_service.core.proposals.places import PlaceError, PlaceKind, read_place, shown_place
from pb_service.core.rounds.setup import Problem
from pb_service.features.proposals.reading import spoken
from pb_service.features.proposals.sentences import place_sentence, sentence
from pb_service.web.formats import Reader
from pb_service.web.forms import Form

Step = Literal["need", "idea", "place", "people", "similar", "cost"]
STEPS: tuple[Step, ...] = get_args(Step)

#: The fields of each step as they are posted; questions of the round stand in the step of the idea.
FIELDS: Mapping[Step, tuple[str, ...]] = {
    "need": ("language", "need"),
    "idea": ("title", "idea", "theme"),
    "place": ("place_kind", "place", "district"),
    "people": ("audience", "age_group"),
    "similar": ("join",),
    "cost": ("cost_hint", "show_author", "group_name", "minor"),
}
#: Fields that hold several values.
REPEATED = frozenset({"join"})
_MOST_JOINS = 5


def step_fields(step: Step, form: ProposalForm) -> tuple[str, ...]:
    """The names of the fields that one step shows."""
    questions = tuple(f"answers.{question.key}" for question in form.questions) if step == "idea" else ()
    return (*FIELDS[step], *questions)


def step_of(field: str) -> Step:
    """The step in which a field stands."""
    name = {"place_kind": "place"}.get(field, field)
    return next((step for step in STEPS if name in FIELDS[step]), "idea")


def labels(form: ProposalForm, words: Reader) -> dict[str, str]:
    """What each field is called in sentences."""
    found = {
        "language": words.gettext("Language of the proposal"),
        "need": words.gettext("What is needed"),
        "title": words.gettext("Name of the idea"),
        "idea": words.gettext("What should be done"),
        "theme": words.gettext("Theme"),
        "place": words.gettext("Place"),
        "place_kind": words.gettext("Place"),
        "district": words.gettext("District"),
        "audience": words.gettext("For whom"),
        "age_group": words.gettext("Your age"),
        "join": words.gettext("Similar ideas"),
        "cost_hint": words.gettext("Rough cost"),
        "show_author": words.gettext("Who is shown as author"),
        "group_name": words.gettext("Name of the group or association"),
        "minor": words.gettext("Under 18"),
    }
    return found | {f"answers.{question.key}": question_label(question, words) for question in form.questions}


def question_label(question: Question, words: Reader) -> str:
    """What a question of the round's own is called."""
    label = spoken(question.label, words.language)
    return label.text if label else question.key


def shown(draft: Draft, *, once: UUID | None = None, unit: int = 100) -> dict[str, object]:
    """What the fields hold for a draft."""
    return {
        "once": str(once or uuid4()),
        "language": draft.language,
        "title": draft.title,
        "need": draft.need,
        "idea": draft.idea,
        "audience": draft.audience,
        "theme": draft.theme or "",
        "district": draft.district or "",
        "place_kind": draft.place.kind if draft.place else "none",
        "place": shown_place(draft.place) if draft.place else "",
        "cost_hint": _money(draft.cost_hint, unit),
        "show_author": draft.show_author,
        "group_name": draft.group_name or "",
        "minor": "yes" if draft.minor else "",
        "age_group": draft.age_group or "",
        "join": [str(number) for number in draft.join_wishes],
        **{f"answers.{key}": answer for key, answer in draft.answers.items()},
    }


def read(form: Form, asked: ProposalForm, words: Reader, *, language: Language, only: Sequence[str] = ()) -> Draft:
    """Return the draft that a form means. What cannot be read at all is told at its field, if it is one of ``only`` or
    nothing is said of which; what is missing or too long is told by `check`.
    """
    wanted = set(only)
    chosen = form.value("language")
    kind = form.value("place_kind")
    place = None
    if kind in get_args(PlaceKind):
        try:
            place = read_place(cast(PlaceKind, kind), form.value("place"))
        except PlaceError as error:
            if not wanted or "place" in wanted:
                form.refuse("place", place_sentence(error, words))
    elif form.value("place") and (not wanted or "place" in wanted):
        form.refuse("place_kind", words.gettext("Choose what kind of place it is, or empty the field below"))
    cost = None
    if form.value("cost_hint"):
        cost = _read_money(form, words, tell=not wanted or "cost_hint" in wanted)
    show_author = form.value("show_author")
    age_group = form.value("age_group")
    joins = [text for text in form.values("join") if text.isascii() and text.isdigit() and len(text) < 8]
    return Draft(
        language=cast(Language, chosen) if chosen in get_args(Language) else language,
        title=form.value("title"),
        need=form.value("need"),
        idea=form.value("idea"),
        audience=form.value("audience"),
        theme=form.value("theme") or None,
        district=form.value("district") or None,
        place=place,
        cost_hint=cost,
        answers={
            question.key: answer for question in asked.questions if (answer := form.value(f"answers.{question.key}"))
        },
        show_author=cast(ShowAuthor, show_author) if show_author in get_args(ShowAuthor) else "hidden",
        group_name=form.value("group_name") or None,
        minor=form.checked("minor"),
        age_group=age_group if age_group in AGE_GROUPS else None,
        join_wishes=tuple(dict.fromkeys(map(int, joins)))[:_MOST_JOINS],
    )


def check(
    form: Form, asked: ProposalForm, draft: Draft, districts: Sequence[str], words: Reader, *, only: Sequence[str] = ()
) -> None:
    """Tell at each field what is wrong with a draft; of the fields in ``only``, or of all."""
    put_problems(form, problems(asked, draft, districts, only=only or None), asked, words)


def put_problems(form: Form, found: Sequence[Problem], asked: ProposalForm, words: Reader) -> None:
    """Tell problems at their fields."""
    names = labels(asked, words)
    for problem in found:
        form.refuse(problem.field, sentence(problem, names.get(problem.field, problem.field), words))


def _read_money(form: Form, words: Reader, *, tell: bool) -> int | None:
    before = len(form.errors)
    if tell:
        amount = form.money("cost_hint", label=words.gettext("Rough cost"), required=False)
        return amount if len(form.errors) == before else None
    quiet = form.with_fields({"cost_hint": form.values("cost_hint")})
    amount = quiet.money("cost_hint", required=False)
    return None if quiet.errors else amount


def _money(cents: int | None, unit: int) -> str:
    if cents is None:
        return ""
    whole, rest = divmod(cents, unit)
    return f"{whole}" + (f",{rest:0{len(str(unit)) - 1}}" if rest else "")
