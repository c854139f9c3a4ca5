"""The sentences about sealed ballots, in the order of words.LANGUAGES: English, Finnish, Swedish."""

Text = tuple[str, str, str]

TITLES: dict[str, Text] = {
    "V1": (
        "The record's tree head is signed, with the witnesses asked for, and follows from all entries",
        "Puun juuri on allekirjoitettu, vaaditut todistajat mukana, ja seuraa kaikista merkinnöistä",
        "Trädroten är undertecknad, med de vittnen som krävs, och följer av alla poster",
    ),
    "V3": (
        "Every entry is well formed and in order; every file is the one that was signed",
        "Jokainen merkintä on oikean muotoinen ja järjestyksessä; jokainen tiedosto on se, joka allekirjoitettiin",
        "Varje post har rätt form och är i ordning; varje fil är den som undertecknades",
    ),
    "V7": (
        "Every signature, by the keys that each entry asks for",
        "Jokainen allekirjoitus, kunkin merkinnän vaatimin avaimin",
        "Varje underskrift, med de nycklar som varje post kräver",
    ),
    "V14": ("Envelopes and ballots counted", "Kuoret ja äänet laskettu", "Kuvert och röster räknade"),
    "A1": (
        "Every sign-in: token, its signature, its time, its person",
        "Jokainen tunnistautuminen: tunniste, sen allekirjoitus, aika ja henkilö",
        "Varje inloggning: intyget, dess underskrift, tid och person",
    ),
    "A2": (
        "The roll by name gives the roll by pseudonym",
        "Nimiluettelosta saadaan peitetunnusten luettelo",
        "Förteckningen med namn ger förteckningen med pseudonymer",
    ),
    "A3": (
        "People drawn to be asked by letter whether they voted",
        "Henkilöt, jotka arvottiin kysyttäviksi kirjeitse, äänestivätkö he",
        "Personer som lottats för att tillfrågas per brev om de röstat",
    ),
    "A4": ("Bursts of sign-ins", "Tunnistautumisten ruuhkat", "Anhopningar av inloggningar"),
}

FIGURES: dict[str, Text] = {
    "V3": ("{entries} entries", "{entries} merkintää", "{entries} poster"),
    "V4": (
        "{trustees} trustees, any {quorum} of whom open the ballots",
        "{trustees} avaimenhaltijaa, joista mitkä tahansa {quorum} avaavat äänet",
        "{trustees} nyckelinnehavare, av vilka {quorum} öppnar rösterna",
    ),
    "V5": ("{envelopes} envelopes", "{envelopes} kuorta", "{envelopes} kuvert"),
    "V6": ("{envelopes} proofs", "{envelopes} todistusta", "{envelopes} bevis"),
    "V7": ("{signatures} signatures", "{signatures} allekirjoitusta", "{signatures} underskrifter"),
    "V8": ("{envelopes} envelopes", "{envelopes} kuorta", "{envelopes} kuvert"),
    "V9": ("{strikes} struck", "{strikes} mitätöity", "{strikes} strukna"),
    "V10": ("{rows} envelopes count", "{rows} kuorta lasketaan", "{rows} kuvert räknas"),
    "V11": ("{mixes} mixes", "{mixes} sekoitusta", "{mixes} blandningar"),
    "V12": ("{parts} decryptions", "{parts} purkua", "{parts} dekrypteringar"),
    "V13": (
        "{ballots} ballots, {invalid} rows that hold no valid one",
        "{ballots} ääntä, {invalid} riviä ilman pätevää ääntä",
        "{ballots} röster, {invalid} rader utan giltig röst",
    ),
    "V14": (
        "{envelopes} envelopes: {counted} count, {superseded} replaced by a later one, {outranked} by a stronger "
        "sign-in, "
        "{struck} struck, {blocked} replaced by paper; {blank} blank, {invalid} invalid; "
        "{paper} paper ballots and {paper_invalid} invalid",
        "{envelopes} kuorta: {counted} lasketaan, {superseded} korvattu myöhemmällä, {outranked} vahvemmalla "
        "tunnistautumisella, {struck} mitätöity, {blocked} korvattu paperilla; {blank} tyhjää, {invalid} hylättyä; "
        "{paper} äänestyslippua ja {paper_invalid} hylättyä",
        "{envelopes} kuvert: {counted} räknas, {superseded} ersatta av ett senare, {outranked} av en starkare "
        "inloggning, {struck} strukna, {blocked} ersatta av papper; {blank} blanka, {invalid} ogiltiga; "
        "{paper} röstsedlar och {paper_invalid} ogiltiga",
    ),
    "V15": (
        "{ballots} paper ballots, {entries} entries of paper given out",
        "{ballots} äänestyslippua, {entries} merkintää annetusta lipusta",
        "{ballots} röstsedlar, {entries} poster om utlämnade sedlar",
    ),
    "V17": ("{programs} versions", "{programs} versiota", "{programs} versioner"),
    "A1": ("{tokens} sign-ins", "{tokens} tunnistautumista", "{tokens} inloggningar"),
    "A2": ("{people} people", "{people} henkilöä", "{people} personer"),
    "A3": ("{drawn} of {voters} voters", "{drawn}/{voters} äänestäjästä", "{drawn} av {voters} väljare"),
    "A4": (
        "{tokens} sign-ins, at most {minute} in a minute and {hour} in an hour; at most {most} envelopes of one voter",
        "{tokens} tunnistautumista, enintään {minute} minuutissa ja {hour} tunnissa; enintään {most} kuorta yhdeltä "
        "äänestäjältä",
        "{tokens} inloggningar, högst {minute} på en minut och {hour} på en timme; högst {most} kuvert av en väljare",
    ),
}

MODES: dict[str, Text] = {
    "self": (
        "self: sealed ballots, but all keys lay on one server. Outsiders learn nobody's vote; whoever runs the "
        "server could",
        "self: äänet sinetöity, mutta kaikki avaimet olivat yhdellä palvelimella. Ulkopuoliset eivät saa tietää "
        "kenenkään "
        "ääntä; palvelimen ylläpitäjä voisi",
        "self: förseglade röster, men alla nycklar låg på en server. Utomstående får inte veta någons röst; den som "
        "driver "
        "servern kunde få det",
    ),
    "split": (
        "split: sealed ballots, keys held by people apart. Nobody learns a vote unless enough of them break the "
        "rules together",
        "split: äänet sinetöity, avaimet eri ihmisillä. Kukaan ei saa tietää ääntä, ellei riittävän moni heistä riko "
        "sääntöjä yhdessä",
        "split: förseglade röster, nycklarna hos skilda personer. Ingen får veta en röst om inte tillräckligt många "
        "av dem "
        "bryter reglerna tillsammans",
    ),
    "split+outside": (
        "split+outside: sealed ballots, keys held by people apart, and a witness outside the municipality to the "
        "record. "
        "Nobody learns a vote unless enough of them break the rules together",
        "split+outside: äänet sinetöity, avaimet eri ihmisillä, ja lokilla on todistaja kunnan ulkopuolelta. Kukaan "
        "ei saa "
        "tietää ääntä, ellei riittävän moni heistä riko sääntöjä yhdessä",
        "split+outside: förseglade röster, nycklarna hos skilda personer, och ett vittne utanför kommunen till "
        "loggen. Ingen "
        "får veta en röst om inte tillräckligt många av dem bryter reglerna tillsammans",
    ),
}

REASONS: dict[str, Text] = {
    "no_mixes": (
        "the mixed list is missing",
        "sekoitettu luettelo puuttuu",
        "den blandade listan saknas",
    ),
    "no_program": (
        "no published list of the voting program was given (--client)",
        "äänestysohjelman julkaistua luetteloa ei annettu (--client)",
        "ingen publicerad lista över röstningsprogrammet gavs (--client)",
    ),
    "no_paper": ("no paper ballots were given out", "äänestyslippuja ei annettu", "inga röstsedlar lämnades ut"),
}

PROBLEMS: dict[str, Text] = {
    "witnesses": (
        "Only {signed} witnesses of the {needed} needed have signed the checkpoint.",
        "Vain {signed} todistajaa vaadituista {needed} on allekirjoittanut tarkistuspisteen.",
        "Bara {signed} vittnen av de {needed} som behövs har undertecknat kontrollpunkten.",
    ),
    "roll_form": (
        "The roll of {group} is not sorted and without repeats.",
        "Ryhmän {group} luettelo ei ole järjestyksessä ja toistoton.",
        "Förteckningen för {group} är inte sorterad och utan upprepningar.",
    ),
    "roll_count": (
        "The roll of {group} does not have as many records as the manifest says.",
        "Ryhmän {group} luettelossa ei ole manifestin ilmoittamaa määrää tietueita.",
        "Förteckningen för {group} har inte så många poster som manifestet anger.",
    ),
    "signers": (
        "Entry {entry} ({kind}) is not signed by the keys that its kind asks for.",
        "Merkintää {entry} ({kind}) eivät ole allekirjoittaneet sen lajin vaatimat avaimet.",
        "Post {entry} ({kind}) är inte undertecknad med de nycklar som dess slag kräver.",
    ),
    "signature": (
        "A signature of entry {entry} is not valid.",
        "Merkinnän {entry} allekirjoitus ei päde.",
        "En underskrift i post {entry} är inte giltig.",
    ),
    "key_entry": (
        "Entry {entry} names a key that may not be added or taken off.",
        "Merkintä {entry} nimeää avaimen, jota ei saa lisätä tai poistaa.",
        "Post {entry} anger en nyckel som inte får läggas till eller tas bort.",
    ),
    "setup_missing": (
        "Entry {entry} begins a key ceremony whose setup file is not in the bundle.",
        "Merkintä {entry} aloittaa avainseremonian, jonka asetustiedosto ei ole paketissa.",
        "Post {entry} inleder en nyckelceremoni vars inställningsfil inte finns i paketet.",
    ),
    "setup_try": (
        "Entry {entry} begins ceremony number {number}, which is not the next.",
        "Merkintä {entry} aloittaa seremonian numero {number}, joka ei ole seuraava.",
        "Post {entry} inleder ceremoni nummer {number}, som inte är den nästa.",
    ),
    "setup_names": (
        "The setup files do not have the names of their ceremonies.",
        "Asetustiedostoilla ei ole seremonioidensa nimiä.",
        "Inställningsfilerna har inte sina ceremoniers namn.",
    ),
    "ceremony_missing": (
        "The record holds no completed key ceremony.",
        "Lokissa ei ole loppuun saatettua avainseremoniaa.",
        "Loggen innehåller ingen slutförd nyckelceremoni.",
    ),
    "ceremony_setup": (
        "The manifest belongs to another ceremony or record than the one held last.",
        "Manifesti kuuluu muuhun seremoniaan tai lokiin kuin viimeksi pidettyyn.",
        "Manifestet hör till en annan ceremoni eller logg än den senaste.",
    ),
    "ceremony_form": (
        "An entry of the ceremony does not hold the points and shares that it should.",
        "Seremonian merkinnässä ei ole niitä pisteitä ja osuuksia, jotka siinä pitäisi olla.",
        "En post i ceremonin innehåller inte de punkter och andelar som den borde.",
    ),
    "ceremony_hash": (
        "Trustee {trustee} showed other numbers than those promised before.",
        "Avaimenhaltija {trustee} näytti muut luvut kuin ne, jotka hän oli ennalta lukinnut.",
        "Nyckelinnehavare {trustee} visade andra tal än de som låsts före.",
    ),
    "ceremony_proof": (
        "Trustee {trustee} did not prove to know the own part of the key.",
        "Avaimenhaltija {trustee} ei todistanut tuntevansa osuuttaan avaimesta.",
        "Nyckelinnehavare {trustee} bevisade inte sin kännedom om sin del av nyckeln.",
    ),
    "ceremony_share": (
        "The public share of trustee {trustee} does not follow from the ceremony.",
        "Avaimenhaltijan {trustee} julkinen osuus ei seuraa seremoniasta.",
        "Den offentliga andelen för nyckelinnehavare {trustee} följer inte av ceremonin.",
    ),
    "ceremony_key": (
        "The joint key of the manifest does not follow from the ceremony.",
        "Manifestin yhteinen avain ei seuraa seremoniasta.",
        "Manifestets gemensamma nyckel följer inte av ceremonin.",
    ),
    "ceremony_shares": (
        "The public shares of the manifest do not follow from the ceremony.",
        "Manifestin julkiset osuudet eivät seuraa seremoniasta.",
        "Manifestets offentliga andelar följer inte av ceremonin.",
    ),
    "ceremony_confirmed": (
        "Trustee {trustee} has not confirmed the manifest.",
        "Avaimenhaltija {trustee} ei ole vahvistanut manifestia.",
        "Nyckelinnehavare {trustee} har inte bekräftat manifestet.",
    ),
    "ceremony_receiving": (
        "The key to which shares for trustee {trustee} are sealed keeps nothing secret.",
        "Avain, jolla avaimenhaltijan {trustee} osuudet suljetaan, ei pidä mitään salassa.",
        "Nyckeln som andelarna till nyckelinnehavare {trustee} försluts med håller ingenting hemligt.",
    ),
    "ceremony_reused": (
        "Ceremony {attempt}: trustee {trustee} uses a key or a commitment that stood in the record before.",
        "Seremonia {attempt}: avaimenhaltija {trustee} käyttää avainta tai sitoumusta, joka oli lokissa jo ennestään.",
        "Ceremoni {attempt}: nyckelinnehavare {trustee} använder en nyckel eller ett åtagande som redan stod i loggen.",
    ),
    "ceremony_registrar": (
        "The manifest does not name the registrar of the ceremony's setup.",
        "Manifesti ei nimeä sitä rekisterinpitäjää, jonka seremonian asetus nimeää.",
        "Manifestet nämner inte den registeransvariga som ceremonins inställning nämner.",
    ),
    "abandon_try": (
        "Entry {entry} gives up ceremony number {number}, which is not the one under way.",
        "Merkintä {entry} keskeyttää seremonian numero {number}, joka ei ole käynnissä.",
        "Post {entry} avbryter ceremoni nummer {number}, som inte är den pågående.",
    ),
    "ceremony_accusation": (
        "Ceremony {attempt}: what trustee {trustee} says about the others is not as the format says.",
        "Seremonia {attempt}: avaimenhaltijan {trustee} lausunto muista ei ole määrittelyn mukainen.",
        "Ceremoni {attempt}: det som nyckelinnehavare {trustee} säger om de andra följer inte formatet.",
    ),
    "envelope_contest": (
        "Entry {entry}: an envelope of no contest, or not of its size.",
        "Merkintä {entry}: kuori ei ole minkään äänestyksen tai on väärän kokoinen.",
        "Post {entry}: ett kuvert som inte hör till någon omröstning eller har fel storlek.",
    ),
    "envelope_class": (
        "Entry {entry}: sign-in of class {cls} is not allowed for this envelope.",
        "Merkintä {entry}: tunnistautumisluokka {cls} ei ole sallittu tälle kuorelle.",
        "Post {entry}: inloggning av klass {cls} är inte tillåten för detta kuvert.",
    ),
    "envelope_alias": (
        "Entry {entry}: an envelope of somebody who is not on the roll.",
        "Merkintä {entry}: kuoren antaja ei ole luettelossa.",
        "Post {entry}: ett kuvert från någon som inte finns i förteckningen.",
    ),
    "envelope_point": (
        "Entry {entry}: a point or number of the envelope is none.",
        "Merkintä {entry}: kuoren piste tai luku ei kelpaa.",
        "Post {entry}: en punkt eller ett tal i kuvertet är ogiltigt.",
    ),
    "envelope_proof": (
        "Entry {entry}: the proof that the sealer knew the content does not hold.",
        "Merkintä {entry}: todistus siitä, että sinetöijä tunsi sisällön, ei päde.",
        "Post {entry}: beviset att förseglaren kände innehållet håller inte.",
    ),
    "envelope_base": (
        "Entry {entry}: an envelope that was made before an earlier one of the same voter, or later than its own "
        "place.",
        "Merkintä {entry}: kuori on tehty ennen saman äänestäjän aiempaa kuorta tai oman paikkansa jälkeen.",
        "Post {entry}: ett kuvert som gjordes före ett tidigare av samma väljare, eller efter sin egen plats.",
    ),
    "envelope_copied": (
        "Entry {entry}: a part of the envelope is copied from an earlier one.",
        "Merkintä {entry}: osa kuoresta on kopioitu aiemmasta.",
        "Post {entry}: en del av kuvertet är kopierad från ett tidigare.",
    ),
    "late_alias": (
        "Entry {entry}: a late addition to no group, or of somebody who is on the roll already.",
        "Merkintä {entry}: lisäys tuntemattomaan ryhmään tai jo luettelossa oleva henkilö.",
        "Post {entry}: ett tillägg till en okänd grupp eller av någon som redan finns i förteckningen.",
    ),
    "strike_late": (
        "Entry {entry}: struck when the vote was not open, or after a list of envelopes had been fixed.",
        "Merkintä {entry}: mitätöinti, kun äänestys ei ollut auki tai kuoriluettelo oli jo vahvistettu.",
        "Post {entry}: strykning när omröstningen inte var öppen eller efter att en kuvertlista fastställts.",
    ),
    "strike_kind": (
        "Entry {entry} strikes entry {target}, which is no earlier envelope or paper.",
        "Merkintä {entry} mitätöi merkinnän {target}, joka ei ole aiempi kuori tai paperi.",
        "Post {entry} stryker post {target}, som inte är ett tidigare kuvert eller papper.",
    ),
    "strike_leaf": (
        "Entry {entry} strikes entry {target} under a hash that is not its own.",
        "Merkintä {entry} mitätöi merkinnän {target} tiivisteellä, joka ei ole sen oma.",
        "Post {entry} stryker post {target} med ett hashvärde som inte är dess eget.",
    ),
    "strike_twice": (
        "Entry {entry} strikes entry {target}, which is struck already.",
        "Merkintä {entry} mitätöi merkinnän {target}, joka on jo mitätöity.",
        "Post {entry} stryker post {target}, som redan är struken.",
    ),
    "extend_earlier": (
        "Entry {entry} does not move the end of the vote to a later time.",
        "Merkintä {entry} ei siirrä äänestyksen päättymistä myöhemmäksi.",
        "Post {entry} flyttar inte omröstningens slut till en senare tid.",
    ),
    "close_early": (
        "Entry {entry} closes the vote {seconds} seconds too early.",
        "Merkintä {entry} päättää äänestyksen {seconds} sekuntia liian aikaisin.",
        "Post {entry} avslutar omröstningen {seconds} sekunder för tidigt.",
    ),
    "input_early": (
        "Entry {entry}: {contest} went to mixing before the time for striking had passed.",
        "Merkintä {entry}: {contest} meni sekoitukseen ennen mitätöintiajan päättymistä.",
        "Post {entry}: {contest} gick till blandning innan tiden för strykning gått ut.",
    ),
    "input_missing": (
        "{contest}: no list of envelopes before mixing was signed.",
        "{contest}: kuoriluetteloa ennen sekoitusta ei ole allekirjoitettu.",
        "{contest}: ingen kuvertlista före blandningen har undertecknats.",
    ),
    "input_list": (
        "{contest}: the signed list is not that of the {rows} envelopes that count.",
        "{contest}: allekirjoitettu luettelo ei ole niiden {rows} kuoren, jotka lasketaan.",
        "{contest}: den undertecknade listan är inte den över de {rows} kuvert som räknas.",
    ),
    "mix_gap": (
        "{contest}: entry {entry} is not mix number {stage}.",
        "{contest}: merkintä {entry} ei ole sekoitus numero {stage}.",
        "{contest}: post {entry} är inte blandning nummer {stage}.",
    ),
    "mix_again": (
        "{contest}: entry {entry} is a second mix of trustee {trustee}.",
        "{contest}: merkintä {entry} on avaimenhaltijan {trustee} toinen sekoitus.",
        "{contest}: post {entry} är en andra blandning av nyckelinnehavare {trustee}.",
    ),
    "mix_files": (
        "{contest}: list or proof of mix {stage} is missing.",
        "{contest}: sekoituksen {stage} luettelo tai todistus puuttuu.",
        "{contest}: lista eller bevis för blandning {stage} saknas.",
    ),
    "mix_few": (
        "{contest}: mixed by {mixes} trustees, {quorum} are needed.",
        "{contest}: {mixes} avaimenhaltijaa sekoitti, tarvitaan {quorum}.",
        "{contest}: blandad av {mixes} nyckelinnehavare, {quorum} behövs.",
    ),
    "mix_proof": (
        "{contest}: the proof of mix {stage} (entry {entry}) does not hold: ballots may have been changed.",
        "{contest}: sekoituksen {stage} todistus (merkintä {entry}) ei päde: ääniä on voitu muuttaa.",
        "{contest}: beviset för blandning {stage} (post {entry}) håller inte: röster kan ha ändrats.",
    ),
    "dec_again": (
        "{contest}: entry {entry} is a second decryption by trustee {trustee}.",
        "{contest}: merkintä {entry} on avaimenhaltijan {trustee} toinen purku.",
        "{contest}: post {entry} är en andra dekryptering av nyckelinnehavare {trustee}.",
    ),
    "dec_list": (
        "{contest}: entry {entry} of trustee {trustee} opens another list than the last one.",
        "{contest}: avaimenhaltijan {trustee} merkintä {entry} avaa muun luettelon kuin viimeisen.",
        "{contest}: post {entry} av nyckelinnehavare {trustee} öppnar en annan lista än den sista.",
    ),
    "dec_file": (
        "{contest}: the decryption of trustee {trustee} is missing.",
        "{contest}: avaimenhaltijan {trustee} purku puuttuu.",
        "{contest}: dekrypteringen av nyckelinnehavare {trustee} saknas.",
    ),
    "dec_few": (
        "{contest}: opened by {parts} trustees, {quorum} are needed.",
        "{contest}: {parts} avaimenhaltijaa avasi, tarvitaan {quorum}.",
        "{contest}: öppnad av {parts} nyckelinnehavare, {quorum} behövs.",
    ),
    "dec_proof": (
        "{contest}: the proof of trustee {trustee}'s decryption (entry {entry}) does not hold.",
        "{contest}: avaimenhaltijan {trustee} purun todistus (merkintä {entry}) ei päde.",
        "{contest}: beviset för nyckelinnehavare {trustee}s dekryptering (post {entry}) håller inte.",
    ),
    "not_opened": (
        "{contest}: the ballots cannot be opened from what is here.",
        "{contest}: ääniä ei voi avata sillä, mitä paketissa on.",
        "{contest}: rösterna kan inte öppnas med det som finns här.",
    ),
    "ballots_differ": (
        "{contest}: the published ballots are not those in the opened envelopes and the paper list.",
        "{contest}: julkaistut äänet eivät ole avattujen kuorten ja paperiluettelon äänet.",
        "{contest}: de publicerade rösterna är inte de i de öppnade kuverten och papperslistan.",
    ),
    "paper_contest": (
        "Entry {entry}: a paper ballot of no contest.",
        "Merkintä {entry}: äänestyslippu ei ole minkään äänestyksen.",
        "Post {entry}: en röstsedel som inte hör till någon omröstning.",
    ),
    "paper_alias": (
        "Entry {entry}: a paper ballot for somebody who is not on the roll.",
        "Merkintä {entry}: äänestyslippu henkilölle, joka ei ole luettelossa.",
        "Post {entry}: en röstsedel till någon som inte finns i förteckningen.",
    ),
    "paper_twice": (
        "Entry {entry}: a second paper ballot for the person of entry {first}.",
        "Merkintä {entry}: toinen äänestyslippu merkinnän {first} henkilölle.",
        "Post {entry}: en andra röstsedel till personen i post {first}.",
    ),
    "paper_unsorted": (
        "{contest}: the paper list is not sorted.",
        "{contest}: paperiluettelo ei ole järjestyksessä.",
        "{contest}: papperslistan är inte sorterad.",
    ),
    "paper_number": (
        "{contest}: the paper list holds {number} ballots, not as many as its entry says.",
        "{contest}: paperiluettelossa on {number} ääntä, ei merkinnän ilmoittamaa määrää.",
        "{contest}: papperslistan innehåller {number} röster, inte så många som dess post anger.",
    ),
    "paper_more": (
        "{contest}: {ballots} paper ballots, but only {entries} were given out.",
        "{contest}: {ballots} äänestyslippua, mutta vain {entries} annettiin.",
        "{contest}: {ballots} röstsedlar, men bara {entries} lämnades ut.",
    ),
    "tokens_listed": (
        "The evidence lists {tokens} sign-ins, not one for each of {envelopes} envelopes in the order of the record.",
        "Todisteissa on {tokens} tunnistautumista, ei yhtä kutakin {envelopes} kuorta kohti lokin järjestyksessä.",
        "Bevisen listar {tokens} inloggningar, inte en för vart och ett av {envelopes} kuvert i loggens ordning.",
    ),
    "token_missing": (
        "Entry {entry}: there is no evidence of a sign-in.",
        "Merkintä {entry}: tunnistautumisesta ei ole todistetta.",
        "Post {entry}: bevis för inloggningen saknas.",
    ),
    "token_form": (
        "Entry {entry}: the evidence is no ID token.",
        "Merkintä {entry}: todiste ei ole tunnistautumistieto.",
        "Post {entry}: beviset är inget inloggningsintyg.",
    ),
    "token_wrong": (
        "Entry {entry}: the sign-in does not hold: {what}",
        "Merkintä {entry}: tunnistautuminen ei päde: {what}",
        "Post {entry}: inloggningen håller inte: {what}",
    ),
    "roll_differs": (
        "The people of {group} do not give the roll in the record.",
        "Ryhmän {group} henkilöistä ei saada lokin luetteloa.",
        "Personerna i {group} ger inte förteckningen i loggen.",
    ),
    "sample_unknown": (
        "{group}: nobody on the list has the pseudonym {alias}, which voted.",
        "{group}: kenelläkään luettelossa ei ole peitetunnusta {alias}, joka äänesti.",
        "{group}: ingen på listan har pseudonymen {alias}, som röstade.",
    ),
    "other_program": (
        "Entry {entry} (0: the manifest) names a voting program that is none of those published: {digest}",
        "Merkintä {entry} (0: manifesti) nimeää äänestysohjelman, jota ei ole julkaistu: {digest}",
        "Post {entry} (0: manifestet) anger ett röstningsprogram som inte är publicerat: {digest}",
    ),
}

VERDICT: Text = (
    "Every sealed ballot is accounted for: none was added, lost or changed, and the published result follows from "
    "them.",
    "Jokainen sinetöity ääni on selvitetty: yhtään ei ole lisätty, kadotettu tai muutettu, ja julkaistu tulos seuraa "
    "niistä.",
    "Varje förseglad röst är redovisad: ingen har lagts till, gått förlorad eller ändrats, och det publicerade "
    "resultatet "
    "följer av dem.",
)

LABELS: dict[str, Text] = {
    "group": (
        "Voters of {group}: {voters} of {entitled} (envelopes: {classes})",
        "Ryhmän {group} äänestäjät: {voters}/{entitled} (kuoret: {classes})",
        "Väljare i {group}: {voters} av {entitled} (kuvert: {classes})",
    ),
    "open_group": (
        "Voters of {group}: {voters}, open to any alias (envelopes: {classes})",
        "Ryhmän {group} äänestäjät: {voters}, avoin kaikille tunnuksille (kuoret: {classes})",
        "Väljare i {group}: {voters}, öppen för alla alias (kuvert: {classes})",
    ),
    "slow": (
        "Without libsodium this takes about {minutes} min on {cores} cores (package rbcl makes it faster).",
        "Ilman libsodiumia tämä kestää noin {minutes} min {cores} ytimellä (paketti rbcl nopeuttaa).",
        "Utan libsodium tar detta omkring {minutes} min på {cores} kärnor (paketet rbcl gör det snabbare).",
    ),
    "confidential": (
        "CONFIDENTIAL: holds names of voters.",
        "LUOTTAMUKSELLINEN: sisältää äänestäjien nimiä.",
        "KONFIDENTIELLT: innehåller väljares namn.",
    ),
    "percent": ("{percent} % checked", "{percent} % tarkistettu", "{percent} % kontrollerat"),
}

CANNOT_SHOW: Text = (
    "That each envelope came from the person whose pseudonym it carries (auditors check the sign-ins), that the device "
    "sealed what its voter chose, that nobody was pressed, that the trustees kept their keys apart, and that you were "
    "shown the same record as everybody else.",
    "Että kukin kuori tuli henkilöltä, jonka peitetunnus siinä on (tarkastajat tutkivat tunnistautumiset), että laite "
    "sinetöi sen, minkä äänestäjä valitsi, ettei ketään painostettu, että avaimenhaltijat pitivät avaimensa erillään "
    "ja "
    "että sinulle näytettiin sama loki kuin kaikille muille.",
    "Att varje kuvert kom från den vars pseudonym det bär (revisorer granskar inloggningarna), att apparaten "
    "förseglade "
    "det som väljaren valde, att ingen utsattes för påtryckning, att nyckelinnehavarna höll sina nycklar åtskilda "
    "och att "
    "du såg samma logg som alla andra.",
)

HELP: dict[str, Text] = {
    "client": (
        "a published list of the voting program's files (may be given more than once)",
        "äänestysohjelman tiedostojen julkaistu luettelo (voi antaa useita)",
        "en publicerad lista över röstningsprogrammets filer (kan ges flera gånger)",
    ),
    "pure": (
        "use plain Python only, no library, even where one is installed",
        "käytä pelkkää Pythonia ilman kirjastoja, vaikka niitä olisi asennettu",
        "använd enbart Python utan bibliotek, även om sådana är installerade",
    ),
    "audit": (
        "confidential: also check the evidence of sign-ins in this folder (A1 to A4)",
        "luottamuksellinen: tarkista myös tunnistautumisten todisteet tässä kansiossa (A1 - A4)",
        "konfidentiellt: granska även bevisen för inloggningar i denna mapp (A1 till A4)",
    ),
}

UNREADABLE: dict[str, Text] = {
    "bad_evidence": (
        "{path}, line {line}: this is not as docs/protocol.md section 16 says.",
        "{path}, rivi {line}: tämä ei ole luvun 16 mukainen (docs/protocol.md).",
        "{path}, rad {line}: detta följer inte avsnitt 16 i docs/protocol.md.",
    ),
    "other_evidence": (
        "The evidence is of another vote, or the bundle has no sealed ballots that can be read.",
        "Todisteet ovat toisesta äänestyksestä, tai paketissa ei ole luettavia sinetöityjä ääniä.",
        "Bevisen hör till en annan omröstning, eller så saknar paketet läsbara förseglade röster.",
    ),
}
