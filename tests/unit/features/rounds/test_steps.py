"""The steps of a set-up as forms: what is shown and sent back unchanged is the same step."""

import re
from inspect import getsource

import pytest

from pb_service.core.rounds import districts, geojson, phases, sheet_rows, validation
from pb_service.core.rounds.districts import SCALE
from pb_service.core.rounds.setup import (
    STEPS,
    CostClass,
    CostsStep,
    CriteriaStep,
    DistrictsStep,
    EligibilityStep,
    MoneyStep,
    Problem,
    School,
    Step,
    StepName,
    Trustee,
    TrusteesStep,
    read_step,
)
from pb_service.features.rounds import drafts, imports, sentences, sheets, timetable, workbook
from pb_service.features.rounds.sentences import sentence
from pb_service.features.rounds.steps import layout, outline
from pb_service.features.rounds.steps.labels import label_of
from pb_service.features.rounds.steps.rows import rearranged
from pb_service.web.formats import Reader
from pb_service.web.forms import Form
from pb_service.web.locales import LANGUAGES, translations
from tests.rounds import district, whole_setup

WORDS = translations("en")

SETUP = whole_setup(
    money=MoneyStep(total=1_234_550, city_wide=5, amounts={"pohjoinen": 120_000_000}, quantum=100),
    eligibility=EligibilityStep(12, None, "2027-12-31", ("residence", "school"), "", (School("X", (7, 8)),)),
    costs=CostsStep("class", (CostClass(0, 3_500_000), CostClass(3_500_100, 6_000_000)), floor=1, ceiling=99),
    trustees=TrusteesStep("split", (Trustee("A", "a@example.org", "Audit"), Trustee("B", "b@example.org")), 2),
)


def sent_back(name: StepName, step: Step) -> Form:
    """The form of a step as a browser sends it when nobody types anything."""
    return Form.of(layout.shown(name, step), WORDS)


@pytest.mark.parametrize("name", STEPS)
def test_a_step_comes_back_from_its_form_as_it_was(name: StepName) -> None:
    step = getattr(SETUP, name)
    form = sent_back(name, step)
    content = layout.read(name, form, lambda path: path, step)
    assert (read_step(name, content), list(form.errors)) == ((step, []), [])


def test_a_new_district_gets_a_short_name_that_nobody_has() -> None:
    step = DistrictsStep((district("hamnen"),))
    form = sent_back("districts", step)
    fields = {name: form.values(name) for name in form.names()}
    fields |= {"districts.1.name.sv.text": ["Hamnen"], "districts.1.key": [""]}
    content = layout.read("districts", Form(fields, {}, WORDS), lambda path: path, step)
    assert [item["key"] for item in content["districts"]] == ["hamnen", "hamnen-2"]
    assert content["districts"][1]["name"] == {"sv": {"text": "Hamnen", "state": "original"}}


def test_however_many_rows_have_one_name_each_gets_a_short_name_of_its_own() -> None:
    fields = {f"criteria.{number}.label.fi.text": ["Sama"] for number in range(1200)}
    content = layout.read("criteria", Form(fields, {}, WORDS), lambda path: path, CriteriaStep())
    assert len({item["key"] for item in content["criteria"]}) == 1200


@pytest.mark.parametrize(
    ("action", "lowest", "focus"),
    [
        ("classes.0.down", ["35 001", "0"], "classes.1"),
        ("classes.1.up", ["35 001", "0"], "classes.0"),
        ("classes.0.remove", ["35 001"], "classes.0"),
        ("classes.0.up", ["0", "35 001"], "classes.0"),
        ("classes.9.remove", ["0", "35 001"], "classes.1"),
    ],
)
def test_rows_move_by_buttons_with_all_their_fields(action: str, lowest: list[str], focus: str) -> None:
    changed = rearranged(sent_back("costs", SETUP.costs), action)
    assert changed
    form, place = changed
    rows = layout.read("costs", form, lambda path: path, SETUP.costs)["classes"]
    assert [form.value(f"classes.{number}.lowest") for number in range(len(rows))] == lowest
    assert place == focus


def test_a_tie_rule_is_put_in_order_and_added_to_by_buttons() -> None:
    form = Form({"ties": ["cost", "draw", "id"]}, {}, WORDS)
    changed = [rearranged(form, action) for action in ("ties.1.up", "ties.add=votes")]
    assert [found[0].values("ties") for found in changed if found] == [
        ["draw", "cost", "id"],
        ["cost", "draw", "id", "votes"],
    ]


@pytest.mark.parametrize(
    "action", ["save", "classes", "classes.x.up", "classes.0.sort", "../etc.0.up", "classes.99999.up"]
)
def test_what_is_no_action_changes_nothing(action: str) -> None:
    assert rearranged(sent_back("costs", SETUP.costs), action) is None


def test_a_field_is_called_by_one_name_with_its_row_and_language() -> None:
    assert label_of("districts", "districts.2.name.sv.text", "en") == "Name of the district 3, in Swedish"
    assert label_of("dates", "phases.voting.date", "en") == "Vote"
    assert label_of("money", "amounts.hamnen", "en") == "Money of the district (hamnen)"
    assert label_of("rule", "something.new", "en") == "How it is decided"


def test_every_problem_that_the_rules_know_has_its_sentence() -> None:
    known = set(sentences._texts(Reader("en", WORDS)))
    sources = [validation, districts, geojson, phases, drafts, imports, timetable, sheet_rows, sheets, workbook]
    code = (
        r"(?:(?<!Row)Problem\([^()]*?(?:\([^()]*\))?[^()]*?,\s*|RowProblem\([^,()]+,[^,()]+,\s*|Unfit\(|Unreadable\(|Reading\("
        r'|_Bad\([^,()]+(?:\([^()]*\))?,\s*)"([a-z_]+)"'
    )
    named = {found for module in sources for found in re.findall(code, getsource(module))}
    assert {"too_long", "overlap", "paused", "crs"} <= named
    assert named - known == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_names_its_field_and_fills_in_its_values(language: str) -> None:
    problem = Problem("phases.voting", "time_order", {"before": "ideas"})
    told = sentence(problem, "dates", language)  # type: ignore[arg-type] # one of LANGUAGES
    assert "%" not in told
    assert told.startswith({"fi": "Äänestys", "sv": "Omröstning", "en": "Vote"}[language])


def test_borders_typed_as_corners_close_by_themselves_and_come_in_parts() -> None:
    form = Form({"outline": ["60.1, 24.9\n60.2, 24.9\n60.2; 25.0\n\n60,5 24,1\n60,6 24,1\n60,6 24,2"]}, {}, WORDS)
    first, second = outline.read(form, "outline", WORDS)
    assert first[0][0] == first[0][-1] == (int(24.9 * SCALE), int(60.1 * SCALE))
    assert len(second[0]) == 4
    again = Form({"outline": [outline.shown((first, second))]}, {}, WORDS)
    assert outline.read(again, "outline", WORDS) == (first, second)


@pytest.mark.parametrize("text", ["60.1", "north, east", "60.1, 24.9 x", "NaN, 24.9", "1e5, 24.9"])
def test_a_line_that_is_no_corner_is_named(text: str) -> None:
    form = Form({"outline": ["60.1, 24.9\n" + text]}, {}, WORDS)
    assert outline.read(form, "outline", WORDS) == ()
    assert "Line 2 " in form.errors.get("outline")
