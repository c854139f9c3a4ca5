"""Likeness across languages, and the trace of merges and splits."""

from hypothesis import given
from hypothesis import strategies as st

from pb_service.core.proposals.places import Place
from pb_service.core.proposals.similarity import LEAST, Traits, likeness, most_alike, overlap, shingles
from pb_service.core.proposals.trace import Joint, may_merge, origins, successors

HERE, NEAR = Place("point", ((24_900_000, 60_100_000),)), Place("point", ((24_903_000, 60_100_000),))


def traits(text: str, place: Place | None = None, theme: str | None = None, district: str | None = None) -> Traits:
    return Traits(frozenset(shingles(text)), place, district, theme)


def test_the_same_words_are_alike_whatever_their_case_and_accents() -> None:
    assert shingles("Café VALTAKATU") == shingles("cafe valtakatu")
    assert shingles("räme") != shingles("rame")


def test_place_and_theme_tell_what_languages_hide() -> None:
    finnish = traits("Juomavesipiste pallokentälle", HERE, "sport")
    swedish = traits("Dricksvatten vid bollplanen", NEAR, "sport")
    elsewhere = traits("Dricksvatten vid bollplanen", None, "sport")
    how = likeness(finnish, swedish)
    assert how.score >= LEAST
    assert how.reasons == ("same_place", "same_theme")
    assert likeness(finnish, elsewhere).score < LEAST


def test_the_likest_stand_first_and_the_unlike_are_left_out() -> None:
    wanted = traits("Benches along the shore path")
    others = [
        ("b", traits("New benches along the shore")),
        ("a", traits("Benches along the shore path")),
        ("c", traits("A skate park")),
    ]
    assert [key for key, _ in most_alike(wanted, others)] == ["a", "b"]


@given(st.text(max_size=60), st.text(max_size=60))
def test_overlap_is_the_same_both_ways_and_within_its_bounds(one: str, other: str) -> None:
    left, right = frozenset(shingles(one)), frozenset(shingles(other))
    assert overlap(left, right) == overlap(right, left)
    assert 0 <= overlap(left, right) <= 1000
    assert not left or overlap(left, left) == 1000


def test_a_merge_of_merged_is_followed_to_its_end() -> None:
    joints = [Joint("merge", (1, 2), (3,)), Joint("merge", (3,), (4,)), Joint("split", (4,), (5, 6))]
    assert origins(4, joints) == [1, 2, 3, 4]
    assert origins(5, joints) == [1, 2, 3, 4, 5]
    assert successors(1, joints) == [5, 6]
    assert successors(7, joints) == [7]


def test_nothing_is_merged_in_a_circle() -> None:
    joints = [Joint("merge", (1,), (2,)), Joint("merge", (2,), (3,))]
    assert may_merge([4], 3, joints)
    assert not may_merge([3], 1, joints)
    assert not may_merge([2], 2, [])
    assert not may_merge([], 2, [])
