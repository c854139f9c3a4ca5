"""The verifier's own ristretto255 against RFC 9496 and against libsodium."""

import hashlib
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pb_service.verifier.edwards import L, P
from pb_service.verifier.sealed.group import Group
from pb_service.verifier.sealed.ristretto import Ristretto, decode, encode
from pb_service.verifier.sealed.sodium import Sodium

PURE, FAST = Ristretto(), Sodium()
#: RFC 9496 A.1: the multiples of the generator from 0 to 15.
MULTIPLES = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
    "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919",
    "94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259",
    "da80862773358b466ffadfe0b3293ab3d9fd53c5ea6c955358f568322daf6a57",
    "e882b131016b52c1d3337080187cf768423efccbb517bb495ab812c4160ff44e",
    "f64746d3c92b13050ed8d80236a7f0007c3b3f962f5ba793d19a601ebb1df403",
    "44f53520926ec81fbd5a387845beb7df85a96a24ece18738bdcfa6a7822a176d",
    "903293d8f2287ebe10e2374dc1a53e0bc887e592699f02d077d5263cdd55601c",
    "02622ace8f7303a31cafc63f8fc48fdc16e1c8c8d234b2f0d6685282a9076031",
    "20706fd788b2720a1ed2a5dad4952b01f413bcf0e7564de8cdc816689e2db95f",
    "bce83f8ba5dd2fa572864c24ba1810f9522bc6004afe95877ac73241cafdab42",
    "e4549ee16b9aa03099ca208c67adafcafa4c3f3e4e5303de6026e3ca8ff84460",
    "aa52e000df2e16f55fb1032fc33bc42742dad6bd5a8fc0be0167436c5948501f",
    "46376b80f409b29dc2b5f6f0c52591990896e5716f41477cd30085ab7f10301e",
    "e0c418f7c8d9c4cdd7395b93ea124f3ad99021bb681dfc3302a9d99a2e53e64e",
]
#: A.2: not canonical, negative, no square, negative xy, y = 0.
BAD = [
    "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20",
    "c34c4e1826e5d403b78e246e88aa051c36ccf0aafebffe137d148a2bf9104562",
    "c940e5a4404157cfb1628b108db051a8d439e1a421394ec4ebccb9ec92a8ac78",
    "47cfc5497c53dc8e61c91d17fd626ffb1c49e2bca94eed052281b510b1117a24",
    "f1c6165d33367351b0da8f6e4511010c68174a03b6581212c71c0e1d026c3c72",
    "87260f7a2f12495118360f02c26a470f450dadf34a413d21042b43b9d93e1309",
    "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
    "4eac077a713c57b4f4397629a4145982c661f48044dd3f96427d40b147d9742f",
    "de6a7b00deadc788eb6b6c8d20c0ae96c2f2019078fa604fee5b87d6e989ad87",
    "bcab477be20861e01e4a0e295284146a510150d9817763caf1a6f4b422d67042",
    "2a292df7e32cababbd9de088d1d1abec9fc0440f637ed2fba145094dc14bea08",
    "f4a9e534fc0d216c44b218fa0c42d99635a0127ee2e53c712f70609649fdff22",
    "8268436f8c4126196cf64b3c7ddbda90746a378625f9813dd9b8457077256731",
    "2810e5cbc2cc4d4eece54f61c6f69758e289aa7ab440b3cbeaa21995c2f4232b",
    "3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e",
    "a45fdc55c76448c049a1ab33f17023edfb2be3581e9c7aade8a6125215e04220",
    "d483fe813c6ba647ebbfd3ec41adca1c6130c2beeee9d9bf065c8d151c5f396e",
    "8a2e1d30050198c65a54483123960ccc38aef6848e1ec8f5f780e8523769ba32",
    "32888462f8b486c68ad7dd9610be5192bbeaf3b443951ac1a8118419d9fa097b",
    "227142501b9d4355ccba290404bde41575b037693cef1f438c47f8fbf35d1165",
    "5c37cc491da847cfeb9281d407efc41e15144c876e0170b499a96a22ed31e01e",
    "445425117cb8c90edcbc7c1cc0e74f747f2c1efa5630a967c64f287792a48a4b",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]
#: A.3: elements derived from the SHA-512 of a text (those of the seven whose texts are known to us).
DERIVED = {
    "Ristretto is traditionally a short shot of espresso coffee": (
        "3066f82a1a747d45120d1740f14358531a8f04bbffe6a819f86dfe50f44a0a46"
    ),
    "by using a finer grind.": "f8f0c87cf237953c5890aec3998169005dae3eca1fbb04548c635953c817f92a",
    "This produces a concentrated shot of coffee per volume.": (
        "ae81e7dedf20a497e10c304a765c1767a42d6e06029758d2d7e8ef7cc4c41179"
    ),
    "Just pulling a normal shot short will produce a weaker shot": (
        "e2705652ff9f5e44d3e841bf1c251cf7dddb77d140870d1ab2ed64f1a9ce8628"
    ),
    "and is not a Ristretto as some believe.": "80bd07262511cdde4863f8a7434cef696750681cb9510eea557088f76d9e5065",
}
SCALARS = st.integers(0, L - 1) | st.sampled_from([0, 1, 2, 7, 8, 9, L - 1, L - 8, 2**252])
SEEDS = st.binary(min_size=64, max_size=64)


@pytest.mark.parametrize("number", range(16))
def test_small_multiples_of_the_generator(number: int) -> None:
    assert PURE.write(PURE.sum([], [], number)).hex() == FAST.sum([], [], number).hex() == MULTIPLES[number]
    assert encode(decode(bytes.fromhex(MULTIPLES[number])) or ()).hex() == MULTIPLES[number]  # type: ignore[arg-type]


@pytest.mark.parametrize("text", [*BAD, MULTIPLES[0], MULTIPLES[1] + "00", MULTIPLES[1][:-2], ""])
def test_what_encodes_no_element_is_refused(text: str) -> None:
    """The identity too, which no entry and no file may hold."""
    data = bytes.fromhex(text)
    assert not PURE.is_sound(data)
    assert not FAST.is_sound(data)
    for group in (PURE, FAST):
        with pytest.raises(ValueError, match="point"):
            group.read(data)


@pytest.mark.parametrize("text", DERIVED)
def test_derivation(text: str) -> None:
    data = hashlib.sha512(text.encode()).digest()
    assert PURE.write(PURE.derive(data)).hex() == FAST.derive(data).hex() == DERIVED[text]


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=32, max_size=32))
@example((P - 1).to_bytes(32, "little"))
def test_both_take_the_same_strings(data: bytes) -> None:
    for even in (data, bytes([data[0] & 254]) + data[1:31] + bytes([data[31] & 127])):
        assert PURE.is_sound(even) == FAST.is_sound(even)


@settings(max_examples=25, deadline=None)
@given(SEEDS, SEEDS, SCALARS, SCALARS)
def test_both_programs_compute_the_same(one: bytes, other: bytes, z: int, c: int) -> None:
    a, b = FAST.derive(one), FAST.derive(other)
    x, y = PURE.derive(one), PURE.derive(other)
    assert (PURE.write(x), PURE.write(y)) == (a, b)
    assert PURE.write(PURE.add(x, y)) == FAST.add(a, b)
    assert PURE.write(PURE.multiple(z, x)) == FAST.multiple(z, a)
    assert PURE.write(PURE.commitment(z, c, y)) == FAST.commitment(z, c, b)
    assert PURE.write(PURE.sum([z, c, -z], [x, y, x], c)) == FAST.sum([z, c, -z], [a, b, a], c)


@pytest.mark.parametrize("number", [1, 2, 33, 500])
def test_sums_of_many_multiples(number: int) -> None:
    rng = random.Random(number)  # noqa: S311 - test data
    points = [FAST.derive(rng.randbytes(64)) for _ in range(number)]
    scalars = [rng.choice([rng.randrange(L), rng.getrandbits(128), 0, -1]) for _ in points]
    points[-1] = points[0]
    assert PURE.write(PURE.sum(scalars, [PURE.read(p) for p in points])) == FAST.sum(scalars, points)


def test_sums_that_vanish() -> None:
    """A sum can be the identity, in the middle too; both programs know it when they see it."""
    groups: list[Group] = [PURE, FAST]
    for group in groups:
        g = group.sum([], [], 1)
        for nothing in (group.sum([1], [g], -1), group.commitment(5, 5, g), group.multiple(0, g), group.identity):
            assert group.is_identity(nothing)
            assert group.write(nothing) == bytes(32)
        assert group.write(group.sum([3, -3, 2], [g, g, g], 0)).hex() == MULTIPLES[2]
        assert not group.is_identity(g)
