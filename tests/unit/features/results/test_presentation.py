"""The pages as HTML, made from real documents in every language."""

import re
from dataclasses import replace
from typing import Any, get_args, get_type_hints

import pytest

from pb_service.core.rounds.documents import Reason
from pb_service.core.tally import rule_by_name
from pb_service.features.results.documents import ProjectChange
from pb_service.features.results.presentation import count_page, district_page, needs, project_page
from pb_service.features.results.reading import contest_result
from pb_service.features.results.rules import rule_in_words
from pb_service.features.results.views import ContestResultView
from pb_service.web.assets import asset
from pb_service.web.formats import NARROW, Reader
from pb_service.web.locales import LANGUAGES, Language, translations
from pb_service.web.render import environment, render
from tests.verifier import builder


@pytest.fixture(scope="module", autouse=True)
def _without_a_build() -> Any:
    """The addresses of styles and scripts come from a frontend build, which these tests do without."""
    for language in LANGUAGES:
        environment(language).globals["asset"] = lambda name: f"/static/{name}"
    yield
    for language in LANGUAGES:
        environment(language).globals["asset"] = asset


@pytest.fixture(scope="module")
def view(ursus: Any) -> ContestResultView:
    return contest_result(ursus)


def reader(view: ContestResultView, language: Language = "en") -> Reader:
    return Reader(language, translations(language), currency=view.currency, unit=view.unit)


def district(view: ContestResultView, language: Language = "en") -> str:
    return render("results/district.html", locale=language, **district_page(view, reader(view, language)))


def words_of(html: str) -> str:
    """The page's text with single ordinary spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html).replace("\u202f", " ").replace("\u00a0", " "))


def test_the_headline_is_the_answer(view: ContestResultView) -> None:
    text = words_of(district(view))
    assert "17 of 72 projects were chosen" in text
    assert "4,519 people voted, 15\u201330 June 2022. 2,426,510 zł of 2,427,140 zł is used, 630 zł is left." in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_titles_keep_their_own_language(view: ContestResultView, language: Language) -> None:
    html = district(view, language)
    titles = re.findall(r"<a [^>]*/projects/\d+[^>]*>", html)
    assert len(titles) > len(view.projects)
    assert all('lang="pl"' in title for title in titles)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_need_no_inline_style_or_script(view: ContestResultView, language: Language) -> None:
    """The content security policy forbids both; sizes are attributes, looks are classes."""
    row = view.not_chosen[0]
    for html in (
        district(view, language),
        render("results/count.html", locale=language, **count_page(view, reader(view, language), view.turns[18])),
        render("results/project.html", locale=language, **project_page(view, reader(view, language), row)),
    ):
        assert " style=" not in html
        assert "<style" not in html
        assert not re.search(r"<script(?![^>]* src=)", html)


def test_every_project_has_a_row_with_its_sentence(view: ContestResultView) -> None:
    assert district(view).count('class="why"') == len(view.projects)


def test_every_picture_has_a_name_and_its_numbers_as_a_table(view: ContestResultView) -> None:
    html = district(view)
    assert all('aria-label="' in picture for picture in re.findall(r'<svg class="pic[^"]*"[^>]*role="img"[^>]*>', html))
    assert html.count("<table") >= 3


def test_ids_are_unique_on_a_page(view: ContestResultView) -> None:
    found = re.findall(r' id="([^"]+)"', district(view))
    assert len(found) == len(set(found))


def test_the_count_shows_one_turn_and_leads_to_the_next(view: ContestResultView) -> None:
    html = render("results/count.html", locale="en", **count_page(view, reader(view), view.turns[18]))
    assert "Does not fit: 170 zł too dear." in words_of(html)
    assert "/en/rounds/demo/here/count?turn=18#turn" in html
    assert "/en/rounds/demo/here/count?turn=20#turn" in html


def test_the_first_and_last_turn_lead_nowhere_beyond(view: ContestResultView) -> None:
    first = render("results/count.html", locale="en", **count_page(view, reader(view), view.turns[0]))
    last = render("results/count.html", locale="en", **count_page(view, reader(view), view.turns[-1]))
    assert 'rel="prev"' not in first
    assert 'rel="next"' not in last


def test_a_project_page_says_what_would_have_been_needed(view: ContestResultView) -> None:
    (row,) = [row for row in view.projects if row.project_id == "148"]
    lines = [line.replace("\u00a0", " ") for line in needs(row, reader(view))]
    assert [line.replace(NARROW, " ") for line in lines] == [
        "98 more votes, no fewer.",
        "At a cost of 98,630 zł or less it would have been chosen.",
        "It reached 88% of the support that would have been enough.",
    ]


def test_a_winner_needs_nothing_more(view: ContestResultView) -> None:
    assert needs(view.chosen[0], reader(view)) == []


def test_another_rule_stands_on_hatched_ground_marked_as_not_the_result(make_documents: Any) -> None:
    rule = rule_by_name("greedy_score", ties=("cost", "id"))
    other = rule_by_name("mes_cost_none", ties=("cost", "id"))
    ballots = [[0], [0], [0], [1], [1]]
    html = district(contest_result(make_documents([("a", 50000), ("b", 20000)], ballots, 50000, rule, other=other)))
    (ground,) = re.findall(r'<div class="band unreal" id="another-rule">.*?<h2', html, re.DOTALL)
    assert "Not the result" in ground


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_equal_shares_contest_has_all_its_pages(make_documents: Any, language: Language) -> None:
    rule = rule_by_name("mes_cost_add1_u", ties=("cost", "id"))
    projects = [("a", 20000), ("b", 40000), ("c", 90000)]
    view = contest_result(make_documents(projects, [[0, 2], [0], [1], [1, 2]], 60000, rule))
    assert 'id="money"' in district(view, language)
    for turn in view.turns:
        render("results/count.html", locale=language, **count_page(view, reader(view, language), turn))
    for row in view.projects:
        render("results/project.html", locale=language, **project_page(view, reader(view, language), row))


def test_every_rule_has_all_its_pages_and_a_sentence_for_every_project(make_documents: Any) -> None:
    """Random contests of every format, rule, completion and constraint."""
    reasons: set[str] = set()
    language: Language = "fi"
    for seed in range(0, 240, 2):
        contest, ballots = builder.random_contest(seed)
        rule, pro = contest["rule"], [tuple(project) for project in contest["pro"]]
        made = make_documents(pro, sorted(ballots), contest["budget"], rule, fmt=contest["fmt"])
        view = contest_result(made)
        reasons |= {row.why["c"] for row in view.projects}
        assert "%(" not in district(view, language)
        assert "%(" not in rule_in_words(view, reader(view, language))
        for turn in view.turns[:2]:
            render("results/count.html", locale=language, **count_page(view, reader(view, language), turn))
        for row in view.projects[::3]:
            html = render("results/project.html", locale=language, **project_page(view, reader(view, language), row))
            assert "%(" not in html
    assert reasons == set(get_args(get_type_hints(Reason)["c"]))


def test_a_contest_without_ballots_or_winners_still_has_its_page(make_documents: Any) -> None:
    rule = rule_by_name("mes_cost_add1", ties=("cost", "id"))
    view = contest_result(make_documents([("a", 20000)], [], 60000, rule))
    assert "0 of 1 projects were chosen" in words_of(district(view))
    render("results/count.html", locale="en", **count_page(view, reader(view), None))


def test_the_rule_in_words_names_threshold_stop_and_tie_rule(make_greedy: Any) -> None:
    view = contest_result(make_greedy(("a", 100, 3), budget=500, skip=False, threshold=2))
    assert rule_in_words(view, reader(view)) == (
        "The rule: most votes first; counting stops at the first project that does not fit. "
        "A project needs a score of at least 2. If projects are equal: lower cost first, by project number."
    )


def test_what_the_rule_keeps_out_is_not_called_too_dear(make_documents: Any) -> None:
    """Though its turn came and the money was enough: neither the turn, nor the page, nor the picture says so."""
    rule = {"name": "greedy", "by": "votes", "skip": True, "exclusive": [[0, 1]], "ties": ["id"]}
    view = contest_result(make_documents([("a", 10000), ("b", 20000)], [[0], [0], [1]], 60000, rule))
    text = words_of(render("results/count.html", locale="en", **count_page(view, reader(view), view.turns[1])))
    assert (
        "Kept out by the rule. Not chosen: only one of it and project a can be built, and that one is chosen." in text
    )
    assert "too dear" not in text + words_of(district(view))
    assert "did not fit the money" not in words_of(district(view))


@pytest.mark.parametrize("state", ["voided", "amended"])
def test_a_project_s_page_says_what_became_of_the_count(make_documents: Any, state: Any) -> None:
    documents = make_documents([("a", 10000), ("b", 20000)], [[0], [1]], 10000, rule_by_name("greedy_score"))
    changes = (ProjectChange("a", None),) if state == "amended" else ()
    view = contest_result(replace(documents, state=state, changes=changes))
    text = words_of(render("results/project.html", locale="en", **project_page(view, reader(view), view.projects[0])))
    said = {
        "voided": "This contest is void: what was counted decides nothing.",
        "amended": "The result was amended after the count. This project is not funded. Above stands what the count",
    }
    assert said[state] in text


def test_groups_are_counted_in_projects_where_the_rule_does(make_documents: Any) -> None:
    """Under cardinality nobody is told that no money would have paid for another project: that is not what holds."""
    rule = {"name": "equal_shares", "utility": "cardinality", "completion": "none", "ties": ["id"]}
    view = contest_result(make_documents([("a", 100), ("b", 50000)], [[0, 1], [0, 1]], 60000, rule))
    assert view.fairness is not None
    assert "less than its part: nowhere" not in words_of(district(view))
