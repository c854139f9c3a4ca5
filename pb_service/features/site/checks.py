"""The checks V1 to V18 of the protocol, and R1 to R4 of what came after the count, in a resident's words.

And how they are grouped on the page.
"""

from collections.abc import Callable, Mapping, Sequence

from pb_service.features.site.views import CheckView
from pb_service.web.formats import Reader

Title = Callable[[Reader], str]

GROUPS: Mapping[Title, Sequence[str]] = {
    lambda words: words.gettext("The record"): ("V1", "V2", "V3"),
    lambda words: words.gettext("The keys"): ("V4",),
    lambda words: words.gettext("The envelopes"): ("V5", "V6", "V7", "V8", "V9"),
    lambda words: words.gettext("Closing and mixing"): ("V10", "V11", "V12", "V13"),
    lambda words: words.gettext("Counting"): ("V14", "V15", "V16"),
    lambda words: words.gettext("The page and the mode"): ("V17", "V18"),
    lambda words: words.gettext("After the count"): ("R1", "R2", "R3", "R4"),
}

_TITLES: Mapping[str, Title] = {
    "V1": lambda words: words.gettext("The head of the record is signed and follows from all entries"),
    "V2": lambda words: words.gettext("No older head contradicts the record"),
    "V3": lambda words: words.gettext("Every entry is well formed and in order, every file is the one that was signed"),
    "V4": lambda words: words.gettext("Key ceremony: commitments, proofs and the joint key recomputed"),
    "V5": lambda words: words.gettext("Each envelope names a district and a voter of the roll"),
    "V6": lambda words: words.gettext("Each sealer knew the content"),
    "V7": lambda words: words.gettext("Signatures and ways of signing in"),
    "V8": lambda words: words.gettext("No envelope copied or replayed"),
    "V9": lambda words: words.gettext("Struck entries: reason, time, two officers"),
    "V10": lambda words: words.gettext("Lists of envelopes that count recomputed"),
    "V11": lambda words: words.gettext("Mixes by different trustees, every proof"),
    "V12": lambda words: words.gettext("Decryptions by enough trustees"),
    "V13": lambda words: words.gettext("Ballots decoded, file equal byte for byte"),
    "V14": lambda words: words.gettext("Every ballot is well formed; blank and over-long ones add up"),
    "V15": lambda words: words.gettext("Paper ballots not more than paper entries"),
    "V16": lambda words: words.gettext("Winners recomputed, equal byte for byte"),
    "V17": lambda words: words.gettext("The voting page served is the published build"),
    "V18": lambda words: words.gettext("Secrecy mode in plain words"),
    "R1": lambda words: words.gettext("The document of each state of the result is the one that the record names"),
    "R2": lambda words: words.gettext("Confirmations and changes are signed by two people whose keys the record names"),
    "R3": lambda words: words.gettext("Each state follows the one before it, none takes another's place"),
    "R4": lambda words: words.gettext("What is funded follows from the count and the changes, and fits the budget"),
}


def title_of(name: str, words: Reader) -> str:
    """What a check looks at."""
    return _TITLES[name](words) if name in _TITLES else name


def figures_in_words(check: CheckView, words: Reader) -> str:
    """The figures behind a check, or why it had nothing to check."""
    if check.status == "not_applicable":
        return (
            words.gettext("no older head was given")
            if check.name == "V2"
            else words.gettext("there are no sealed ballots in an imported round")
        )
    if check.name == "V18":
        return words.gettext("open: ballots in clear, no secrecy claimed")
    if check.status == "not_checked":
        return words.gettext("could not run after an earlier failure")
    sentence = _FIGURES.get(check.name)
    numbers = {name: words.number(value) for name, value in check.figures.items()}
    return sentence(words) % numbers if sentence and check.figures else ""


_FIGURES: Mapping[str, Title] = {
    "V1": lambda words: words.gettext("%(entries)s entries"),
    "V2": lambda words: words.gettext("%(older)s of %(entries)s entries stood in the older record"),
    "V3": lambda words: words.gettext("%(entries)s entries, %(signatures)s signatures"),
    "V14": lambda words: words.gettext("%(ballots)s ballots, %(blank)s blank, %(over)s over a limit"),
    "V16": lambda words: words.gettext("%(winners)s winners, %(contests)s districts"),
    "R1": lambda words: words.gettext("%(documents)s documents"),
    "R2": lambda words: words.gettext("%(signatures)s signatures"),
    "R3": lambda words: words.gettext("%(confirmed)s confirmations, %(amended)s amendments"),
    "R4": lambda words: words.gettext("%(contests)s contests stand, %(void)s void"),
}
