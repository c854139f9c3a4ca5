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
        "Put your secrets on paper, twice, and keep the papers in two places. Whoever has one can open votes "
        "together with other trustees. Look around: nobody else, and no camera, sees this screen.",
        "Siirrä salaisuutesi paperille kahdesti ja säilytä paperit eri paikoissa. Paperin haltija voi avata ääniä "
        "yhdessä muiden avaimenhaltijoiden kanssa. Katso ympärillesi: kukaan muu tai mikään kamera ei näe näyttöä.",
        "Överför dina hemligheter till papper två gånger och förvara pappren på olika ställen. Den som har ett kan "
        "öppna röster tillsammans med andra nyckelinnehavare. Se dig om: ingen annan och ingen kamera ser skärmen.",
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
ANSWER: Text = (
    "Your answer is in this file: {path} Upload it on your page; nothing of it is in the record before that.",
    "Vastauksesi on tässä tiedostossa: {path} Lähetä se omalla sivullasi; mitään siitä ei ole lokissa ennen sitä.",
    "Ditt svar finns i den här filen: {path} Ladda upp den på din sida; inget av det finns i loggen före det.",
)
NOTHING_DUE: Text = (
    "Nothing is due of you in this errand. Look at your page, and download a new one when it is your turn.",
    "Tässä tehtävässä sinulta ei odoteta mitään. Katso sivuasi ja lataa uusi, kun on vuorosi.",
    "I det här uppdraget väntas inget av dig. Titta på din sida och ladda ner ett nytt när det är din tur.",
)
PRINT: Text = (
    "Make a page to print, two copies with a code that can be scanned?",
    "Tehdäänkö tulostettava sivu: kaksi kappaletta ja luettava koodi?",
    "Ska en sida att skriva ut göras, två exemplar med en kod som kan läsas av?",
)
PRINT_NOW: Text = (
    "Print this file now, from this machine, on a printer with a cable that keeps no copies: {path} "
    "It is a secret in clear. Do not copy or mail it; it is erased as soon as the paper was tried. Afterwards clear "
    "the printer's queue, and know that a disk may keep traces: best is a machine that forgets when switched off.",
    "Tulosta tämä tiedosto nyt tältä koneelta kaapelilla liitetyllä tulostimella, joka ei säilytä kopioita: {path} "
    "Se on salaisuus selväkielisenä. Älä kopioi tai lähetä sitä; se hävitetään heti, kun paperi on kokeiltu. Tyhjennä "
    "sen jälkeen tulostusjono. Levylle voi jäädä jälkiä: paras on kone, joka unohtaa kaiken sammutettaessa.",
    "Skriv ut den här filen nu, från den här maskinen, på en skrivare med kabel som inte sparar kopior: {path} "
    "Den är en hemlighet i klartext. Kopiera eller skicka den inte; den förstörs så snart pappret har prövats. Töm "
    "sedan skrivarkön. En disk kan behålla spår: bäst är en maskin som glömmer allt när den stängs av.",
)
ON_PAPER: Text = (
    "Press a key when it is on paper twice. The screen is cleared then.",
    "Paina jotakin näppäintä, kun se on paperilla kahdesti. Näyttö tyhjennetään silloin.",
    "Tryck på en tangent när det finns på papper två gånger. Då töms skärmen.",
)
PAGE_ERASED: Text = (
    "The file with the page is erased.",
    "Sivun tiedosto on hävitetty.",
    "Filen med sidan är förstörd.",
)
TYPE_BACK: Text = (
    "Type it back from one of the papers, row after row. Or scan the code with a scanner that types (never with a "
    "phone), or paste its text.",
    "Kirjoita se takaisin toiselta paperilta, rivi kerrallaan. Tai lue koodi lukijalla, joka kirjoittaa (ei koskaan "
    "puhelimella), tai liitä sen teksti.",
    "Skriv tillbaka det från ett av pappren, rad för rad. Eller läs av koden med en läsare som skriver (aldrig med "
    "en telefon), eller klistra in dess text.",
)
NO_PAPER: Text = (
    "This is not what stands on your paper.",
    "Tämä ei ole sitä, mitä paperissasi lukee.",
    "Det här är inte det som står på ditt papper.",
)
PAPER_TITLE: Text = (
    "Secrets of trustee {number}",
    "Avaimenhaltijan {number} salaisuudet",
    "Nyckelinnehavare {number}: hemligheter",
)
PAPER_COPY: Text = ("Copy {copy} of {copies}", "Kappale {copy}/{copies}", "Exemplar {copy} av {copies}")
PAPER_HOLDER: Text = ("Trustee", "Avaimenhaltija", "Nyckelinnehavare")
PAPER_RECORD: Text = ("Record", "Loki", "Logg")
PAPER_PUBLIC: Text = ("Public half of the share", "Osuuden julkinen puoli", "Andelens offentliga hälft")
PAPER_RULES: tuple[Text, ...] = (
    (
        "Whoever has this paper can open votes together with other trustees, and act in your name.",
        "Tämän paperin haltija voi avata ääniä yhdessä muiden avaimenhaltijoiden kanssa ja toimia nimissäsi.",
        "Den som har det här pappret kan öppna röster tillsammans med andra nyckelinnehavare och handla i ditt namn.",
    ),
    (
        "Seal each copy in an envelope, sign across the flap, and keep the two in different houses.",
        "Sulje kumpikin kappale kirjekuoreen, allekirjoita läpän yli ja säilytä kuoret eri taloissa.",
        "Förslut varje exemplar i ett kuvert, skriv ditt namn över fliken och förvara dem i olika hus.",
    ),
    (
        "To come back on another machine: pb trustee restore, then type the rows, or scan the code with a scanner that "
        "types. Never photograph it, and never scan it with a phone.",
        "Paluu toisella koneella: pb trustee restore, ja kirjoita rivit tai lue koodi lukijalla, joka kirjoittaa. Älä "
        "koskaan kuvaa paperia tai lue sitä puhelimella.",
        "För att återkomma på en annan maskin: pb trustee restore, skriv raderna eller läs av koden med en läsare som "
        "skriver. Fotografera den aldrig och läs aldrig av den med en telefon.",
    ),
    (
        "Burn or shred both copies when the appeal period is over, or when the ceremony is given up.",
        "Polta tai silppua kummatkin, kun muutoksenhakuaika on päättynyt tai seremonia keskeytetään.",
        "Bränn eller strimla båda när tiden för ändringssökande är över eller ceremonin avbryts.",
    ),
)
REHEARSAL: Text = ("REHEARSAL", "HARJOITUS", "ÖVNING")
REHEARSAL_PAPER: Text = (
    "REHEARSAL: of no use for any vote",
    "HARJOITUS: ei kelpaa mihinkään äänestykseen",
    "ÖVNING: duger inte till någon omröstning",
)
REHEARSAL_BEGINS: Text = (
    "Three test votes that everybody knows are mixed and opened with your real shares, before the vote opens. Nothing "
    "of it counts, and nothing of it goes into the record.",
    "Kolme kaikkien tuntemaa koeääntä sekoitetaan ja avataan oikeilla osuuksillanne ennen äänestyksen avaamista. "
    "Mikään siitä ei vaikuta tulokseen eikä päädy lokiin.",
    "Tre prövoröster som alla känner till blandas och öppnas med era riktiga andelar innan röstningen öppnar. "
    "Ingenting av det räknas, och ingenting av det hamnar i loggen.",
)
REHEARSAL_SENT: Text = (
    "Handed to the other trustees as message {number} of {messages}.",
    "Annettu muille avaimenhaltijoille viestinä {number}/{messages}.",
    "Lämnat till de andra nyckelinnehavarna som meddelande {number} av {messages}.",
)
REHEARSAL_DONE: Text = (
    "The rehearsal went well: every trustee mixed, every share opened, and {sets} different sets of trustees found "
    "the three test votes.",
    "Harjoitus onnistui: jokainen sekoitti, jokainen osuus avasi, ja {sets} eri avaimenhaltijajoukkoa löysi kolme "
    "koeääntä.",
    "Övningen lyckades: alla blandade, varje andel öppnade, och {sets} olika grupper av nyckelinnehavare fann de tre "
    "prövorösterna.",
)
MAY_REHEARSE: Text = (
    "You may rehearse mixing and opening first, all trustees together: pb trustee rehearse.",
    "Voitte ensin harjoitella sekoittamista ja avaamista, kaikki avaimenhaltijat yhdessä: pb trustee rehearse.",
    "Ni kan först öva på att blanda och öppna, alla nyckelinnehavare tillsammans: pb trustee rehearse.",
)
GIVEN_UP: Text = (
    "The key ceremony you took part in was given up. Your part of it is deleted here; if it is on paper, destroy both "
    "copies. A new ceremony begins with new secrets.",
    "Avainseremonia, johon osallistuit, keskeytettiin. Osasi siitä on poistettu tästä; jos se on paperilla, hävitä "
    "kummatkin kappaleet. Uusi seremonia alkaa uusin salaisuuksin.",
    "Nyckelceremonin som du deltog i avbröts. Din del av den är raderad här; om den finns på papper, förstör båda "
    "exemplaren. En ny ceremoni börjar med nya hemligheter.",
)
ROW: Text = ("Row {row}", "Rivi {row}", "Rad {row}")
ROW_WRONG: Text = (
    "Row {row} is not what stands on the paper. Look at it again.",
    "Rivi {row} ei vastaa paperia. Katso uudelleen.",
    "Rad {row} är inte det som står på pappret. Titta en gång till.",
)
BACKED_UP: Text = (
    "The paper is right. Try the second copy by eye, and keep the two apart. Close this window: it may keep what it "
    "showed.",
    "Paperi on oikein. Vertaa toinen kappale silmämääräisesti ja säilytä ne eri paikoissa. Sulje tämä ikkuna: se "
    "voi säilyttää näyttämänsä.",
    "Pappret stämmer. Jämför det andra exemplaret för ögat och förvara dem på olika ställen. Stäng det här fönstret: "
    "det kan behålla det som det visade.",
)
RESTORED: Text = (
    "Your secrets are back in {folder}. Compare the public half of the share with the one on the paper; pb trustee go "
    "compares it with the record:",
    "Salaisuutesi on palautettu kansioon {folder}. Vertaa osuuden julkista puolta paperissa olevaan; pb trustee go "
    "vertaa sen lokiin:",
    "Dina hemligheter är tillbaka i {folder}. Jämför andelens offentliga hälft med den på pappret; pb trustee go "
    "jämför den med loggen:",
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
