"""Who may vote, as the public page of a round says it: all of the rule, in the reader's language."""

import pytest

from pb_service.core.rounds.setup import EligibilityStep, School
from pb_service.features.site.own_rounds import who_may_vote
from pb_service.web.formats import Reader
from pb_service.web.locales import Language, translations

RULE = EligibilityStep(
    min_age=12,
    age_on="2027-12-31",
    grounds=("residence", "school"),
    residence_on="2027-09-01",
    schools=(School("Rantakoulu", (9, 7, 8)), School("Strandskolan")),
)

TOLD = {
    "fi": "Saa äänestää: kunnassa 1. syyskuuta 2027 asuva tai jonkin nimetyn koulun oppilas. Koulut: Rantakoulu "
    "(luokat 7, 8, 9); Strandskolan. Ikä: vähintään 12 vuotta. Ikä katsotaan päivän 31. joulukuuta 2027 mukaan.",
    "sv": "Får rösta: den som bor i kommunen den 1 september 2027 eller den som går i någon av de nämnda skolorna. "
    "Skolorna: Rantakoulu (årskurserna 7, 8, 9); Strandskolan. Ålder: minst 12 år. Åldern den 31 december 2027 räknas.",
    "en": "May vote: who lives in the municipality on 1 September 2027 or who goes to one of the schools named. The "
    "schools: Rantakoulu (grades 7, 8, 9); Strandskolan. Age: at least 12 years. The age on 31 December 2027 counts.",
}


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_the_whole_rule_is_said_in_words(language: Language) -> None:
    assert who_may_vote(RULE, Reader(language, translations(language))) == TOLD[language]


def test_a_school_that_gives_no_right_is_not_named() -> None:
    told = who_may_vote(EligibilityStep(schools=(School("Rantakoulu"),)), Reader("en", translations("en")))
    assert told == "May vote: who lives in the municipality."
