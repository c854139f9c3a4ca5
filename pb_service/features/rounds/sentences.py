"""Problems of a set-up as sentences: what is wrong and what to do, in the reader's language.

The rules of a set-up speak in codes and values (core/rounds/validation.py); each code has one sentence here.
"""

from pb_service.core.rounds.setup import Problem
from pb_service.core.rounds.sheet_rows import RowProblem
from pb_service.features.rounds.steps.labels import Place, label_of, language_names, phase_names
from pb_service.web.formats import Reader
from pb_service.web.locales import Language, translations

#: Fields whose bounds are money, in minor units.
_MONEY = frozenset({"total", "city_wide", "amounts", "quantum", "floor", "ceiling", "classes", "step"})


def sentence(problem: Problem, step: Place, language: Language) -> str:
    """One sentence for a problem, beginning with what people call the field."""
    words = Reader(language, translations(language))
    label = label_of(step, problem.field, language)
    text = _texts(words).get(problem.code)
    if text is None:  # a code without words: say where, never nothing
        text = words.gettext("this cannot be used as it stands (%(code)s)")
    return f"{label}: {text % {'code': problem.code, **_values(problem, step, words)}}"


def row_sentence(problem: RowProblem, language: Language) -> str:
    """One sentence for a fault in a row of an imported file."""
    words = Reader(language, translations(language))
    as_field = Problem(problem.column, problem.code, problem.values)
    values = {"column": problem.column, "code": problem.code, "name": "", **_values(as_field, "districts", words)}
    text = _texts(words).get(problem.code) or words.gettext("this cannot be used as it stands (%(code)s)")
    told = text % values
    return f"{problem.column}: {told}" if problem.column and "%(column)s" not in text else told


def _values(problem: Problem, step: Place, words: Reader) -> dict[str, str]:
    values = {name: str(value) for name, value in problem.values.items()}
    names = {str(phase): name for phase, name in phase_names(words).items()}
    names["ends"] = label_of("dates", "ends", words.language)
    for name in ("before", "phase", "target"):
        if name in values:
            values[name] = names.get(values[name], values[name])
    values.setdefault("name", values.get("key", ""))
    if "language" in values:
        values["language"] = language_names(words).get(values["language"], values["language"])
    if "other" in values and problem.code == "more_than":
        parent = problem.field.rpartition(".")[0]
        values["other"] = label_of(step, f"{parent}.{values['other']}".removeprefix("."), words.language)
    if problem.field.partition(".")[0] in _MONEY:
        for name in ("least", "most"):
            if isinstance(problem.values.get(name), int):
                values[name] = words.money(int(problem.values[name]))
    return values


def _texts(words: Reader) -> dict[str, str]:
    return {
        # what any field can get wrong
        "required": words.gettext("fill this in"),
        "shape": words.gettext("this cannot be read (%(reason)s)"),
        "too_long": words.gettext("too long, at most %(most)s characters"),
        "characters": words.gettext("there are characters in it that cannot be shown"),
        "range": words.gettext("must be from %(least)s to %(most)s"),
        "more_than": words.gettext("must not be more than “%(other)s”"),
        "too_many": words.gettext("too many, at most %(most)s"),
        "twice": words.gettext("is there twice"),
        "key": words.gettext("use small letters, digits and hyphens only, and no word that the pages use themselves"),
        "email": words.gettext("write an e-mail address, such as name@example.org"),
        "phone": words.gettext("write a phone number, such as +358 9 1234567"),
        "date": words.gettext("write a day, for example 21.3.2027"),
        "postal_codes": words.gettext("write codes and ranges of codes, such as 02100-02380, 02600"),
        # texts and languages
        "state_missing": words.gettext("say whether the text is an original, a translation or a machine draft"),
        "two_originals": words.gettext("only one language can be the original; the text %(language)s is it already"),
        "text_missing": words.gettext("the text is missing"),
        "text_unread": words.gettext("a person must read the machine draft first"),
        # timetable
        "time_zone": words.gettext("there is no such time zone"),
        "time": words.gettext("write a day and a time of day"),
        "time_order": words.gettext("must come after “%(before)s”"),
        "time_ambiguous": words.gettext(
            "the clocks are set back that night, so %(typed)s occurs twice; the first one is meant"
        ),
        "time_missing": words.gettext(
            "the clocks are set forward that night, so %(typed)s does not occur; it is read as %(read)s"
        ),
        "phase_order": words.gettext("the phases are not in their order"),
        "no_phases": words.gettext("choose the phases that the round has"),
        "open_end": words.gettext("nothing comes after “%(phase)s”, so nobody knows when it ends"),
        "vote_needs_count": words.gettext("a vote must be counted: choose this phase too"),
        "count_needs_vote": words.gettext("there is no count without a vote: choose this phase too"),
        "phase_begun": words.gettext("this phase has begun, so its date stays"),
        "not_future": words.gettext("the new date must be in the future"),
        # districts
        "not_json": words.gettext("the file is not JSON"),
        "not_geojson": words.gettext("the file is not a GeoJSON FeatureCollection (RFC 7946)"),
        "too_large": words.gettext("the file is too large, at most %(most)s MB"),
        "too_detailed": words.gettext("the borders are too detailed, at most %(most)s corners in all; simplify them"),
        "crs": words.gettext("coordinates must be WGS 84 degrees, longitude first (EPSG:4326)"),
        "coordinate_order": words.gettext("latitude and longitude seem to be exchanged: longitude comes first"),
        "position": words.gettext("a corner is not a pair of degrees"),
        "not_area": words.gettext("this is not an area (Polygon or MultiPolygon)"),
        "empty": words.gettext("the area is empty"),
        "ring_open": words.gettext("the border does not end where it begins"),
        "antimeridian": words.gettext("the area crosses the 180th meridian; split it there"),
        "self_crossing": words.gettext("the border of %(name)s crosses itself near %(place)s"),
        "hole_outside": words.gettext("%(name)s has a hole outside its border, near %(place)s"),
        "holes_nested": words.gettext("%(name)s has a hole in a hole, near %(place)s"),
        "disconnected": words.gettext("%(name)s falls apart near %(place)s"),
        "parts_overlap": words.gettext("two parts of %(name)s overlap near %(place)s"),
        "overlap": words.gettext("%(name)s and %(other)s overlap"),
        "not_whole": words.gettext("must be a whole number"),
        "no_districts": words.gettext("there are no districts, and no city-wide vote"),
        # money
        "currency": words.gettext("write the three letters of the currency, such as EUR"),
        "unit": words.gettext("must be 100, 1000 or 10000"),
        "no_district": words.gettext("there is no district %(name)s"),
        "beyond_total": words.gettext("is more than there is in all"),
        "not_whole_steps": words.gettext("the money cannot be divided into steps of this size"),
        "no_city_wide": words.gettext("there is no city-wide vote; it is chosen with the districts"),
        "population_needed": words.gettext("needed to share the money out"),
        "nobody_lives": words.gettext("nobody lives in any of the districts"),
        "no_money": words.gettext("a district is left without money"),
        # ballot and rule
        "not_of_format": words.gettext("does not go with this kind of ballot"),
        "blank_and_least": words.gettext("a blank ballot cannot be allowed together with a least number"),
        "no_limit": words.gettext("set a limit, or let the money be the limit"),
        "ties": words.gettext("each way once, and the number of the project last"),
        "no_points": words.gettext("there are no points on this kind of ballot"),
        "no_ranks": words.gettext("there is no ranking on this kind of ballot"),
        "compare_alone": words.gettext("does not go with another use of the money left over"),
        "fraction": words.gettext("write a fraction, such as 1/3"),
        "rule": words.gettext("the rule cannot be counted (%(reason)s)"),
        # criteria, costs, trustees, closing
        "no_criteria": words.gettext("proposals are checked, so say by what"),
        "classes_overlap": words.gettext("must be above the class before it"),
        "few_trustees": words.gettext("name at least %(least)s"),
        "not_commercial": words.gettext("a licence that forbids commercial use is not open data; choose another"),
        # files
        "too_many_rows": words.gettext("the file has too many rows"),
        "not_a_table": words.gettext("the file is not a table that can be read: XLSX, or CSV in UTF-8"),
        "empty_file": words.gettext("the file is empty"),
        "pabulib": words.gettext("the file cannot be read as Pabulib (%(reason)s)"),
        "file_gone": words.gettext("the file is not kept any more; choose it again"),
        "bad_rows": words.gettext("some rows are faulty (%(rows)s); leave them out, or correct the file"),
        "column_missing": words.gettext("the column %(column)s is missing"),
        "column_twice": words.gettext("the column %(column)s is there twice"),
        "contradicts": words.gettext("another row says something else of the same place"),
        "wrong_type": words.gettext("%(column)s: this is not what belongs here"),
        "formula": words.gettext("%(column)s: a formula is not taken; write its value"),
        "money": words.gettext("%(column)s: this is not a sum of money"),
        "postal_code": words.gettext("%(column)s: a postal code has five digits"),
        "side": words.gettext("%(column)s: write both, odd or even"),
        "no_way_home": words.gettext(
            "residents vote where they live, so draw all borders, or bring a table of postal codes or addresses"
        ),
        # phases
        "slug": words.gettext("small letters, digits and hyphens only, at most %(most)s; “rehearsal” comes by itself"),
        "fixed": words.gettext("cannot change any more in the phase “%(phase)s”"),
        "published_already": words.gettext("the round is public already"),
        "not_published": words.gettext("the round is not public yet"),
        "imported": words.gettext("the vote of this round was held elsewhere"),
        "in_manifest": words.gettext("the end of a vote is locked with its ballot list"),
        "no_date": words.gettext("the timetable has no date for what comes next"),
        "not_later": words.gettext("must be later than before"),
        "nothing_to_pause": words.gettext("there is nothing to pause in this phase"),
        "not_paused": words.gettext("the round is not paused"),
        "not_open": words.gettext("the round is not in this phase now"),
        "not_next": words.gettext("“%(target)s” does not follow “%(phase)s”"),
        "paused": words.gettext("the round is paused"),
        "still_built": words.gettext("projects that are neither done nor given up: %(count)s"),
        "not_by": words.gettext("“%(target)s” cannot be begun by hand"),
        "no_manifest": words.gettext("the ballot list must be locked by two people first"),
        "no_list": words.gettext("the ballot list is not fixed yet"),
        "not_confirmed": words.gettext("two people and the trustees must confirm the manifest first"),
        "before_opens": words.gettext("the manifest says a later time for the vote to open"),
        "not_closed": words.gettext("two people must close the vote first"),
    }
