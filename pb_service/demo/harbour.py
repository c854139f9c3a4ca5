"""The demonstration round in which a newcomer can vote at once: an invented town, its districts and its projects."""

from dataclasses import dataclass

from pb_service.core.rounds.setup import Text, Wording

SLUG = "kokeile"


def text(fi: str, sv: str, en: str) -> Text:
    """A text whose original is Finnish."""
    return {"fi": Wording(fi, "original"), "sv": Wording(sv, "translated"), "en": Wording(en, "translated")}


@dataclass(frozen=True)
class DemoProject:
    """A project as it stands on the ballot; cost in euros."""

    district: str
    theme: str
    cost: int
    title: Text
    about: Text


NAME = text("Kokeile äänestämistä", "Prova att rösta", "Try voting")
SUMMARY = text(
    "Keksitty kaupunki, oikea äänestys: anna ääni, katso kuittia ja seuraa laskentaa.",
    "En påhittad stad, en riktig omröstning: rösta, se kvittot och följ räkningen.",
    "An invented town, a real vote: cast a ballot, look at your receipt, follow the count.",
)
DISTRICTS = (
    ("vanhasatama", text("Vanhasatama", "Gamla hamnen", "Old Harbour"), 24, 6_100),
    ("myllymaki", text("Myllymäki", "Kvarnbacken", "Mill Hill"), 25, 4_900),
)
#: Money for both districts together, in euros.
TOTAL = 220_000

PROJECTS = (
    DemoProject(
        "vanhasatama", "nature", 18_000,
        text("Penkkejä ja varjoa rantaan", "Bänkar och skugga vid stranden", "Benches and shade on the shore"),
        text("Kahdeksan selkänojallista penkkiä ja neljä puuta rantapolun varteen.",
             "Åtta bänkar med ryggstöd och fyra träd längs strandstigen.",
             "Eight benches with backs and four trees along the shore path."),
    ),
    DemoProject(
        "vanhasatama", "sport", 42_000,
        text("Uimalaituri talviuimareille", "Brygga för vinterbadare", "A jetty for winter swimmers"),
        text("Liukumaton laituri, kaide ja lämmin pukukoppi.",
             "En halkfri brygga, räcke och ett varmt omklädningsrum.",
             "A slip-proof jetty, a handrail and a warm changing room."),
    ),
    DemoProject(
        "vanhasatama", "streets", 35_000,
        text("Valot alikulkuun", "Ljus i gångtunneln", "Lights in the underpass"),
        text("Kirkas valaistus ja satamasta kertova seinämaalaus.",
             "Klar belysning och en väggmålning om hamnen.",
             "Bright lighting and a mural about the harbour."),
    ),
    DemoProject(
        "vanhasatama", "culture", 60_000,
        text("Esiintymislava torille", "En scen på torget", "A stage on the square"),
        text("Katettu lava, jota koulut, kuorot ja yhdistykset saavat käyttää ilmaiseksi.",
             "En täckt scen som skolor, körer och föreningar får använda gratis.",
             "A covered stage that schools, choirs and societies may use for free."),
    ),
    DemoProject(
        "myllymaki", "youth", 55_000,
        text("Leikkipuisto kaikille", "En lekplats för alla", "A playground for everybody"),
        text("Keinuja, liukumäki ja hiekkalaatikko, joihin pääsee myös pyörätuolilla.",
             "Gungor, rutschbana och sandlåda som man når också med rullstol.",
             "Swings, a slide and a sandpit that can be reached by wheelchair too."),
    ),
    DemoProject(
        "myllymaki", "nature", 12_000,
        text("Yhteinen kasvimaa", "En gemensam odling", "A shared kitchen garden"),
        text("Kaksikymmentä kasvulaatikkoa, vesipiste ja työkaluvaja.",
             "Tjugo odlingslådor, en vattenpost och ett redskapsskjul.",
             "Twenty raised beds, a water tap and a shed for tools."),
    ),
    DemoProject(
        "myllymaki", "streets", 30_000,
        text("Turvallinen koulureitti", "En trygg skolväg", "A safe way to school"),
        text("Korotettu suojatie, hidasteet ja valot koulun portille.",
             "Ett upphöjt övergångsställe, farthinder och belysning vid skolporten.",
             "A raised crossing, speed humps and lights at the school gate."),
    ),
    DemoProject(
        "myllymaki", "sport", 24_000,
        text("Ulkokuntosali mäelle", "Ett utegym på backen", "An outdoor gym on the hill"),
        text("Kymmenen laitetta kaikenikäisille, ohjeet kolmella kielellä.",
             "Tio redskap för alla åldrar, anvisningar på tre språk.",
             "Ten machines for all ages, with instructions in three languages."),
    ),
)  # fmt: skip
