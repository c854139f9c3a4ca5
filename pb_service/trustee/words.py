"""What the tools say, in the three languages; the order in each tuple is that of LANGUAGES."""

LANGUAGES = ("en", "fi", "sv")

Text = tuple[str, str, str]


def say(text: Text, language: str, **values: str | int) -> str:
    """Return a sentence in one language, its fields filled in."""
    return text[LANGUAGES.index(language)].format(**values)


WELCOME: Text = (
    "You are trustee {number}, {name}. This program reads the record at {place} and does what is due, one step "
    "at a time.",
    "Olet avaimenhaltija {number}, {name}. Ohjelma lukee lokin osoitteesta {place} ja tekee vuorossa olevan, "
    "askel kerrallaan.",
    "Du är nyckelinnehavare {number}, {name}. Programmet läser loggen på {place} och gör det som står på tur, "
    "ett steg i taget.",
)
MADE: Text = (
    "Made: {folder}. Give this key to the operator, and read it aloud to the other trustees:",
    "Luotu: {folder}. Anna tämä avain ylläpitäjälle ja lue se ääneen muille avaimenhaltijoille:",
    "Skapad: {folder}. Ge den här nyckeln till driftsansvariga och läs upp den för de andra nyckelinnehavarna:",
)
STEPS: dict[str, Text] = {
    "promise": (
        "Step 1 of 4: your secret part is drawn on this machine, and a promise of it is logged.",
        "Vaihe 1/4: salainen osasi arvotaan tällä koneella, ja siitä kirjataan lupaus.",
        "Steg 1 av 4: din hemliga del dras på den här maskinen, och ett löfte om den loggas.",
    ),
    "deal": (
        "Step 2 of 4: the others' promises are there. Your part is shared out to them, sealed to each.",
        "Vaihe 2/4: muiden lupaukset ovat lokissa. Osasi jaetaan heille, kullekin sinetöitynä.",
        "Steg 2 av 4: de andras löften finns. Din del fördelas till dem, förseglad för var och en.",
    ),
    "acknowledge": (
        "Step 3 of 4: what the others sealed to you is opened and checked. From it comes your share of the key.",
        "Vaihe 3/4: muiden sinulle sinetöimät osat avataan ja tarkistetaan. Niistä syntyy osuutesi avaimesta.",
        "Steg 3 av 4: det som de andra förseglat åt dig öppnas och kontrolleras. Av det blir din andel av nyckeln.",
    ),
    "backup": (
        "Write your share on paper, twice, and keep the papers in two places. Whoever has it can open votes with "
        "one other trustee.",
        "Kirjoita osuutesi paperille kahdesti ja säilytä paperit eri paikoissa. Sen haltija voi avata ääniä "
        "yhdessä toisen avaimenhaltijan kanssa.",
        "Skriv din andel på papper två gånger och förvara pappren på olika ställen. Den som har den kan öppna "
        "röster tillsammans med en annan nyckelinnehavare.",
    ),
    "confirm": (
        "Step 4 of 4: the manifest has the key that you made together. Compare this fingerprint with the other "
        "trustees before you go on:",
        "Vaihe 4/4: manifestissa on avain, jonka teitte yhdessä. Vertaa tätä sormenjälkeä muiden kanssa ennen "
        "kuin jatkat:",
        "Steg 4 av 4: manifestet har nyckeln som ni gjorde tillsammans. Jämför det här fingeravtrycket med de "
        "andra innan du går vidare:",
    ),
    "mix": (
        "Mixing {contest}: {rows} votes are shuffled and locked anew, so that nobody can tell whose is whose.",
        "Sekoitetaan {contest}: {rows} ääntä sekoitetaan ja lukitaan uudelleen, niin ettei kukaan tiedä kenen "
        "mikäkin on.",
        "Blandar {contest}: {rows} röster blandas och låses på nytt, så att ingen kan se vems som är vems.",
    ),
    "decrypt": (
        "Opening {contest}: every mix is checked first, then your part of the opening of the last list is made. "
        "Only this list, only once.",
        "Avataan {contest}: ensin tarkistetaan jokainen sekoitus, sitten tehdään osasi viimeisen luettelon "
        "avaamisesta. Vain tämä luettelo, vain kerran.",
        "Öppnar {contest}: först kontrolleras varje blandning, sedan görs din del av öppnandet av den sista "
        "listan. Bara den här listan, bara en gång.",
    ),
}
ASK: Text = ("Go on?", "Jatketaanko?", "Fortsätta?")
LOGGED: Text = (
    "Logged as entry {index} of the record.",
    "Kirjattu lokin merkintänä {index}.",
    "Loggat som post {index}.",
)
TYPE_BACK: Text = (
    "Type the share back from one of the papers, row after row.",
    "Kirjoita osuus takaisin toiselta paperilta, rivi kerrallaan.",
    "Skriv tillbaka andelen från ett av pappren, rad för rad.",
)
ROW: Text = ("Row {row}", "Rivi {row}", "Rad {row}")
ROW_WRONG: Text = (
    "Row {row} is not what stands on the paper. Look at it again.",
    "Rivi {row} ei vastaa paperia. Katso uudelleen.",
    "Rad {row} är inte det som står på pappret. Titta en gång till.",
)
BACKED_UP: Text = (
    "The paper is right. Keep both copies apart.",
    "Paperi on oikein. Säilytä kopiot eri paikoissa.",
    "Pappret stämmer. Förvara kopiorna på olika ställen.",
)
RESTORED: Text = (
    "Your share is back. Its public half is the one in the record.",
    "Osuutesi on palautettu. Sen julkinen puoli on lokissa oleva.",
    "Din andel är tillbaka. Dess offentliga hälft är den som står i loggen.",
)
WAITING_OPERATOR: Text = (
    "Nothing to do now: the operator has the next step. This program looks again by itself.",
    "Nyt ei ole tehtävää: seuraava vaihe on ylläpitäjän. Ohjelma katsoo itse uudelleen.",
    "Inget att göra nu: driftsansvariga har nästa steg. Programmet tittar igen av sig självt.",
)
WAITING_TRUSTEES: Text = (
    "Nothing to do now: waiting for trustee {numbers}. This program looks again by itself.",
    "Nyt ei ole tehtävää: odotetaan avaimenhaltijaa {numbers}. Ohjelma katsoo itse uudelleen.",
    "Inget att göra nu: väntar på nyckelinnehavare {numbers}. Programmet tittar igen av sig självt.",
)
DONE: Text = (
    "Everything is done: the result is in the record. You may destroy your share when the appeal period is over.",
    "Kaikki on tehty: tulos on lokissa. Voit hävittää osuutesi, kun muutoksenhakuaika on päättynyt.",
    "Allt är gjort: resultatet finns i loggen. Du kan förstöra din andel när tiden för ändringssökande är över.",
)
ACCUSED: Text = (
    "What trustee {numbers} sealed to you is wrong. This is now in the record; the ceremony begins anew.",
    "Avaimenhaltijan {numbers} sinulle sinetöimä osa on väärä. Se on nyt lokissa; seremonia alkaa alusta.",
    "Det som nyckelinnehavare {numbers} förseglade åt dig är fel. Det står nu i loggen; ceremonin börjar om.",
)
ALARM: Text = (
    "STOP. The record cannot be trusted: {fault} Tell the other trustees and the auditors, and do nothing more.",
    "SEIS. Lokiin ei voi luottaa: {fault} Kerro muille avaimenhaltijoille ja tarkastajille, äläkä tee muuta.",
    "STOPP. Loggen går inte att lita på: {fault} Meddela de andra nyckelinnehavarna och granskarna och gör inget mer.",
)
REFUSED: Text = (
    "This is refused: {fault}",
    "Tästä kieltäydytään: {fault}",
    "Det här vägras: {fault}",
)
