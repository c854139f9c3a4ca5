"""Which witnesses count: the part of C2SP tlog-policy that says k of n."""

import pytest

from pb_service.core.record.policy import Policy, PolicyError
from pb_service.core.record.witness import Witness

A, B = Witness("library.example/w1", bytes(31) + b"\x01"), Witness("city.example/w", bytes(31) + b"\x02")
FILE = f"""# witnesses of the spring round
log example.org/pb/spring+d2ea2b4d+AQ==

witness library {A.vkey} https://library.example/witness
witness\tcity {B.vkey}  https://city.example/
group both 2 library city
quorum both
"""


def test_a_group_of_witnesses() -> None:
    policy = Policy.parse(FILE)
    assert (policy.keys, policy.quorum) == ((A, B), 2)
    assert [asked.url for asked in policy.witnesses] == ["https://library.example/witness", "https://city.example/"]


@pytest.mark.parametrize(("least", "quorum"), [("all", 2), ("any", 1), ("1", 1)])
def test_how_many_of_them(least: str, quorum: int) -> None:
    assert Policy.parse(FILE.replace("both 2", f"both {least}")).quorum == quorum


def test_one_witness_needs_no_group() -> None:
    assert Policy.parse(f"witness w {A.vkey} https://w.example\nquorum w\n").quorum == 1


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("both 2", "both 3", "line 6"),
        ("both 2", "both 0", "line 6"),
        ("library city\n", "library\n", "line 6"),
        ("library city\n", "library library\n", "line 6"),
        ("quorum both", "quorum none", "quorum"),
        ("quorum both", "", "quorum"),
        ("quorum both", "quorum both\nquorum both", "line 8"),
        ("https://library.example/witness", "", "line 4"),
        ("https://library.example/witness", "http://library.example/witness", "line 4"),
        ("https://library.example/witness", "ftp://library.example", "line 4"),
        ("https://library.example/witness", "https://", "line 4"),
        ("https://library.example/witness", "https://[", "line 4"),
        (A.vkey, "x" + A.vkey, "line 4"),
        (B.vkey, A.vkey, "same name or key"),
        ("witness library", "witnes library", "line 4"),
    ],
)
def test_what_cannot_be_used_is_named(old: str, new: str, sentence: str) -> None:
    with pytest.raises(PolicyError, match=sentence):
        Policy.parse(FILE.replace(old, new))
