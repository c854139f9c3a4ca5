"""Every sentence of the report in three languages; the order in each tuple is that of LANGUAGES."""

from pb_service.verifier import words_process as process
from pb_service.verifier import words_sealed as sealed
from pb_service.verifier import words_states as states

LANGUAGES = ("en", "fi", "sv")
_REASONS = sealed.REASONS | process.REASONS
_PROBLEMS = sealed.PROBLEMS | process.PROBLEMS | states.PROBLEMS
_TITLES = process.TITLES | states.TITLES
_FIGURES = process.FIGURES | states.FIGURES
_LABELS = sealed.LABELS | states.LABELS

Text = tuple[str, str, str]


def say(text: Text, language: str, **values: str | int) -> str:
    """The sentence in one language, its fields filled in."""
    return text[LANGUAGES.index(language)].format(**values)


STATUS: dict[str, Text] = {
    "pass": ("PASS", "LÄPI", "GODKÄND"),
    "fail": ("FAIL", "VIRHE", "FEL"),
    "not_applicable": ("NOT APPLICABLE", "EI KOSKE", "EJ TILLÄMPLIG"),
    "not_checked": ("NOT CHECKED", "TARKISTAMATTA", "EJ KONTROLLERAD"),
}

TITLES: dict[str, Text] = {
    "V1": (
        "The record's tree head is signed and follows from all entries",
        "Lokin puun juuri on allekirjoitettu ja seuraa kaikista merkinnöistä",
        "Loggens trädrot är undertecknad och följer av alla poster",
    ),
    "V2": (
        "The older tree head does not contradict the record",
        "Vanhempi puun juuri ei ole ristiriidassa lokin kanssa",
        "Den äldre trädroten motsäger inte loggen",
    ),
    "V3": (
        "Every entry is well formed, signed and in order; every file is the one that was signed",
        "Jokainen merkintä on oikean muotoinen, allekirjoitettu ja järjestyksessä; "
        "jokainen tiedosto on se, joka allekirjoitettiin",
        "Varje post har rätt form, är undertecknad och i ordning; varje fil är den som undertecknades",
    ),
    "V4": ("Key ceremony recomputed", "Avainseremonia laskettu uudelleen", "Nyckelceremonin omräknad"),
    "V5": (
        "Each envelope names a contest and a voter of the roll",
        "Jokainen kuori nimeää äänestyksen ja äänioikeutetun",
        "Varje kuvert anger en omröstning och en röstberättigad",
    ),
    "V6": (
        "Each sealer knew the content (proof of knowledge)",
        "Jokainen sinetöijä tunsi sisällön (tietämystodistus)",
        "Varje förseglare kände innehållet (kunskapsbevis)",
    ),
    "V7": (
        "Signatures and sign-in classes of the envelopes",
        "Kuorten allekirjoitukset ja tunnistautumisluokat",
        "Kuvertens underskrifter och inloggningsklasser",
    ),
    "V8": (
        "No envelope copied or replayed",
        "Yhtäkään kuorta ei ole kopioitu tai toistettu",
        "Inget kuvert är kopierat eller upprepat",
    ),
    "V9": (
        "Struck entries: reason, time, two officers",
        "Mitätöidyt merkinnät: syy, aika, kaksi virkailijaa",
        "Strukna poster: skäl, tid, två tjänstemän",
    ),
    "V10": (
        "Lists of envelopes before mixing recomputed",
        "Kuoriluettelot ennen sekoitusta laskettu uudelleen",
        "Kuvertlistorna före blandningen omräknade",
    ),
    "V11": (
        "Mixes by different trustees, every proof",
        "Eri avaimenhaltijoiden sekoitukset, jokainen todistus",
        "Blandningar av olika nyckelinnehavare, varje bevis",
    ),
    "V12": (
        "Decryptions by enough trustees, every proof",
        "Riittävän monen avaimenhaltijan purut, jokainen todistus",
        "Dekrypteringar av tillräckligt många nyckelinnehavare, varje bevis",
    ),
    "V13": (
        "Ballots decoded, file equal byte for byte",
        "Äänet purettu, tiedosto sama tavu tavulta",
        "Rösterna avkodade, filen lika byte för byte",
    ),
    "V14": (
        "Every ballot is well formed and held against the limits; counts recomputed",
        "Jokainen ääni on muodoltaan oikea ja verrattu rajoihin; lukumäärät laskettu uudelleen",
        "Varje röst har rätt form och är jämförd med gränserna; antalen omräknade",
    ),
    "V15": (
        "Paper ballots not more than paper entries",
        "Äänestyslippuja ei enempää kuin paperimerkintöjä",
        "Röstsedlarna inte fler än pappersposterna",
    ),
    "V16": (
        "Winners recomputed from the ballots, outcome equal byte for byte",
        "Voittajat laskettu uudelleen äänistä, tulos sama tavu tavulta",
        "Vinnarna omräknade från rösterna, resultatet lika byte för byte",
    ),
    "V17": (
        "The voting page served is the published build",
        "Tarjottu äänestyssivu on julkaistu versio",
        "Den visade röstningssidan är den publicerade versionen",
    ),
    "V18": ("Mode of the round, in plain words", "Kierroksen tila sanoin", "Omgångens läge i ord"),
    "T1": (
        "File of votes and result are of one election",
        "Äänitiedosto ja tulos ovat samasta äänestyksestä",
        "Röstfilen och resultatet gäller samma omröstning",
    ),
    "T2": (
        "The winners are those that the steps fund, and keep every limit",
        "Voittajat ovat ne, jotka vaiheet rahoittavat, ja noudattavat jokaista rajaa",
        "Vinnarna är de som stegen finansierar, och håller varje gräns",
    ),
    "T3": (
        "Each step follows from the ballots; no other project came before it",
        "Jokainen vaihe seuraa äänistä; mikään muu hanke ei ollut ennen sitä",
        "Varje steg följer av rösterna; inget annat projekt kom före det",
    ),
    "T4": (
        "The count ends where the rule ends it",
        "Laskenta päättyy siihen, mihin sääntö sen päättää",
        "Räkningen slutar där regeln låter den sluta",
    ),
    "T5": (
        "What follows after the first stage: further rounds, greedy, comparison",
        "Mitä ensimmäisen vaiheen jälkeen seuraa: lisäkierrokset, ahne täydennys, vertailu",
        "Det som följer efter första delen: fler rundor, girig komplettering, jämförelse",
    ),
    "T6": (
        "Every tie that was met is listed, decided as declared",
        "Jokainen kohdattu tasatilanne on lueteltu ja ratkaistu ilmoitetulla tavalla",
        "Varje lika läge som uppstod är listat och avgjort på angivet sätt",
    ),
    "T7": (
        "Counted again from the first step by this program's own tally",
        "Laskettu uudelleen ensimmäisestä vaiheesta tämän ohjelman omalla laskennalla",
        "Omräknat från första steget med detta programs egen räkning",
    ),
} | _TITLES

FIGURES: dict[str, Text] = {
    "V1": ("{entries} entries", "{entries} merkintää", "{entries} poster"),
    "V2": (
        "{older} of {entries} entries were in the older record",
        "{older}/{entries} merkintää oli vanhemmassa lokissa",
        "{older} av {entries} poster fanns i den äldre loggen",
    ),
    "V3": (
        "{entries} entries, {signatures} valid signatures",
        "{entries} merkintää, {signatures} pätevää allekirjoitusta",
        "{entries} poster, {signatures} giltiga underskrifter",
    ),
    "V14": (
        "{ballots} ballots, {blank} blank, {over} over a limit and counted as they stand",
        "{ballots} ääntä, {blank} tyhjää, {over} yli rajan ja laskettu sellaisinaan",
        "{ballots} röster, {blank} blanka, {over} över en gräns och räknade som de är",
    ),
    "V16": (
        "{winners} winners, {contests} contests",
        "{winners} voittajaa, {contests} äänestystä",
        "{winners} vinnare, {contests} omröstningar",
    ),
    "T1": (
        "{projects} projects, {ballots} ballots",
        "{projects} hanketta, {ballots} ääntä",
        "{projects} projekt, {ballots} röster",
    ),
    "T2": (
        "{winners} of {projects} projects won",
        "{winners}/{projects} hanketta voitti",
        "{winners} av {projects} projekt vann",
    ),
    "T3": ("{steps} steps", "{steps} vaihetta", "{steps} steg"),
    "T4": ("end examined", "loppu tutkittu", "slutet granskat"),
    "T5": ("{stages} stages", "{stages} osaa", "{stages} delar"),
    "T6": ("{ties} ties", "{ties} tasatilannetta", "{ties} lika lägen"),
    "T7": ("{increments} increments", "{increments} korotusta", "{increments} höjningar"),
} | _FIGURES

MODES: dict[str, Text] = {
    "open": (
        "open: an imported or paper-only round, ballots in clear, no secrecy claimed",
        "avoin: tuotu tai vain paperilla äänestetty kierros, äänet selväkielisinä, vaalisalaisuutta ei väitetä",
        "öppen: importerad omgång eller enbart på papper, rösterna i klartext, ingen hemlighet utlovas",
    ),
} | sealed.MODES

REASONS: dict[str, Text] = {
    "no_older": (
        "no older checkpoint was given",
        "vanhempaa tarkistuspistettä ei annettu",
        "ingen äldre kontrollpunkt gavs",
    ),
    "no_sealed_ballots": (
        "there are no sealed ballots in this mode",
        "tässä tilassa ei ole sinetöityjä ääniä",
        "i detta läge finns inga förseglade röster",
    ),
    "no_paper_ballots": (
        "there are no paper ballots beside sealed ones in this mode",
        "tässä tilassa ei ole äänestyslippuja sinetöityjen äänten rinnalla",
        "i detta läge finns inga röstsedlar vid sidan av förseglade röster",
    ),
    "no_voting_page": (
        "nobody voted on a page of the service in this mode",
        "tässä tilassa kukaan ei äänestänyt palvelun sivulla",
        "i detta läge röstade ingen på tjänstens sida",
    ),
    "no_manifest": (
        "the manifest cannot be read",
        "manifestia ei voi lukea",
        "manifestet kan inte läsas",
    ),
    "no_record": (
        "key or entries of the record cannot be read",
        "lokin avainta tai merkintöjä ei voi lukea",
        "loggens nyckel eller poster kan inte läsas",
    ),
    "no_result": (
        "the result does not have the form of one",
        "tulos ei ole määrittelyn mukainen",
        "resultatet har inte rätt form",
    ),
    "no_certificate": (
        "the certificate does not go with the rule",
        "todistus ei vastaa sääntöä",
        "intyget hör inte till regeln",
    ),
    "no_stages": (
        "the rule has one stage only",
        "säännössä on vain yksi osa",
        "regeln har bara en del",
    ),
    "quick": (
        "left out, as asked with --quick",
        "jätetty pois valitsimella --quick",
        "utelämnat, enligt --quick",
    ),
} | _REASONS

PROBLEMS: dict[str, Text] = {
    "missing": ("{member} is missing.", "{member} puuttuu.", "{member} saknas."),
    "extra": (
        "{member} does not belong in the bundle.",
        "{member} ei kuulu pakettiin.",
        "{member} hör inte hemma i paketet.",
    ),
    "not_canonical": (
        "{member} is not canonical JSON.",
        "{member} ei ole kanonista JSONia.",
        "{member} är inte kanonisk JSON.",
    ),
    "misshapen": (
        "{member}: {path} is not as the format says.",
        "{member}: {path} ei ole määrittelyn mukainen.",
        "{member}: {path} följer inte formatet.",
    ),
    "file_hash": (
        "{member} is not the file that was signed: its SHA-256 differs.",
        "{member} ei ole allekirjoitettu tiedosto: sen SHA-256 on toinen.",
        "{member} är inte filen som undertecknades: dess SHA-256 är en annan.",
    ),
    "other_election": (
        "{member} belongs to another election: its `e` differs.",
        "{member} kuuluu toiseen äänestykseen: sen `e` on toinen.",
        "{member} hör till ett annat val: dess `e` är ett annat.",
    ),
    "no_key": (
        "The key of the record is unknown, because the manifest cannot be read; the signature was not checked.",
        "Lokin avain on tuntematon, koska manifestia ei voi lukea; allekirjoitusta ei tarkistettu.",
        "Loggens nyckel är okänd, eftersom manifestet inte kan läsas; underskriften kontrollerades inte.",
    ),
    "other_key": (
        "The manifest names another key than the one given: {key}",
        "Manifesti nimeää toisen avaimen kuin annetun: {key}",
        "Manifestet anger en annan nyckel än den givna: {key}",
    ),
    "no_entries": (
        "The entries cannot be read (see V1).",
        "Merkintöjä ei voi lukea (katso V1).",
        "Posterna kan inte läsas (se V1).",
    ),
    "entries_gap": (
        "The entry bundle {member} is missing; the entries cannot be read.",
        "Merkintänippu {member} puuttuu; merkintöjä ei voi lukea.",
        "Postpaketet {member} saknas; posterna kan inte läsas.",
    ),
    "entries_form": (
        "The entry bundle {member} does not hold the entries that its name and lengths say.",
        "Merkintänippu {member} ei sisällä nimensä ja pituuksiensa mukaisia merkintöjä.",
        "Postpaketet {member} innehåller inte de poster som namn och längder anger.",
    ),
    "tile_extra": (
        "{member} is not a tile of this tree.",
        "{member} ei ole tämän puun laatta.",
        "{member} är ingen platta i detta träd.",
    ),
    "tile_wrong": (
        "{member} does not hold the hashes of the entries.",
        "{member} ei sisällä merkintöjen tiivisteitä.",
        "{member} innehåller inte posternas hashvärden.",
    ),
    "checkpoint_form": (
        "The checkpoint is not a signed tree head.",
        "Tarkistuspiste ei ole allekirjoitettu puun juuri.",
        "Kontrollpunkten är ingen undertecknad trädrot.",
    ),
    "checkpoint_origin": (
        "The checkpoint is of another record: {origin}",
        "Tarkistuspiste on toisesta lokista: {origin}",
        "Kontrollpunkten hör till en annan logg: {origin}",
    ),
    "checkpoint_signature": (
        "The checkpoint has no valid signature of the record's key.",
        "Tarkistuspisteessä ei ole lokin avaimen pätevää allekirjoitusta.",
        "Kontrollpunkten saknar en giltig underskrift med loggens nyckel.",
    ),
    "checkpoint_size": (
        "The checkpoint is of {size} entries, the bundle holds {entries}.",
        "Tarkistuspisteessä on {size} merkintää, paketissa {entries}.",
        "Kontrollpunkten gäller {size} poster, paketet innehåller {entries}.",
    ),
    "checkpoint_root": (
        "The root of the tree over all entries is not the one in the checkpoint.",
        "Kaikista merkinnöistä laskettu puun juuri ei ole tarkistuspisteen juuri.",
        "Roten av trädet över alla poster är inte den i kontrollpunkten.",
    ),
    "older_signature": (
        "The older checkpoint is not signed by the key of this record.",
        "Vanhempaa tarkistuspistettä ei ole allekirjoitettu tämän lokin avaimella.",
        "Den äldre kontrollpunkten är inte undertecknad med denna loggs nyckel.",
    ),
    "older_newer": (
        "The checkpoint given has {size} entries, more than the {entries} of the bundle: "
        "the bundle is older, or entries were removed.",
        "Annetussa tarkistuspisteessä on {size} merkintää, enemmän kuin paketin {entries}: "
        "paketti on vanhempi tai merkintöjä on poistettu.",
        "Den givna kontrollpunkten har {size} poster, fler än paketets {entries}: "
        "paketet är äldre eller poster har tagits bort.",
    ),
    "older_fork": (
        "The first {size} entries are not those of the older checkpoint: the record was changed afterwards.",
        "Ensimmäiset {size} merkintää eivät ole vanhemman tarkistuspisteen: lokia on muutettu jälkikäteen.",
        "De första {size} posterna är inte den äldre kontrollpunktens: loggen har ändrats i efterhand.",
    ),
    "entry_not_canonical": (
        "Entry {entry} is not canonical JSON.",
        "Merkintä {entry} ei ole kanonista JSONia.",
        "Post {entry} är inte kanonisk JSON.",
    ),
    "entry_misshapen": (
        "Entry {entry}: {path} is not as the format says.",
        "Merkintä {entry}: {path} ei ole määrittelyn mukainen.",
        "Post {entry}: {path} följer inte formatet.",
    ),
    "entry_other_election": (
        "Entry {entry} belongs to another manifest.",
        "Merkintä {entry} kuuluu toiseen manifestiin.",
        "Post {entry} hör till ett annat manifest.",
    ),
    "entry_signature": (
        "Entry {entry} has no valid signature of the operator.",
        "Merkinnässä {entry} ei ole ylläpitäjän pätevää allekirjoitusta.",
        "Post {entry} saknar en giltig underskrift av operatören.",
    ),
    "entry_order": (
        "Entry {entry}: {kind} is not allowed at this place.",
        "Merkintä {entry}: {kind} ei ole sallittu tässä kohdassa.",
        "Post {entry}: {kind} är inte tillåten på detta ställe.",
    ),
    "entry_missing": (
        "The record has no entry {kind}.",
        "Lokissa ei ole merkintää {kind}.",
        "Loggen saknar posten {kind}.",
    ),
    "entry_time": (
        "Entry {entry} is {seconds} seconds earlier than the one before it.",
        "Merkintä {entry} on {seconds} sekuntia edellistä aikaisempi.",
        "Post {entry} är {seconds} sekunder tidigare än den föregående.",
    ),
    "close_index": (
        "Entry {entry} closes the vote at {n} entries, not at its own place.",
        "Merkintä {entry} päättää äänestyksen {n} merkinnän kohdalla, ei omalla paikallaan.",
        "Post {entry} avslutar omröstningen vid {n} poster, inte på sin egen plats.",
    ),
    "result_twice": (
        "Entry {entry} is a second result of {contest}.",
        "Merkintä {entry} on toinen tulos äänestykselle {contest}.",
        "Post {entry} är ett andra resultat för {contest}.",
    ),
    "result_unknown": (
        "Entry {entry} is a result of {contest}, which the manifest does not name.",
        "Merkintä {entry} on tulos äänestykselle {contest}, jota manifesti ei nimeä.",
        "Post {entry} är ett resultat för {contest}, som manifestet inte anger.",
    ),
    "result_missing": (
        "{contest} has no result in the record.",
        "Äänestyksellä {contest} ei ole tulosta lokissa.",
        "{contest} har inget resultat i loggen.",
    ),
    "ballot_form": (
        "{contest}: ballot {ballot} (from 0) is not as the format says.",
        "{contest}: ääni {ballot} (nollasta) ei ole määrittelyn mukainen.",
        "{contest}: röst {ballot} (från 0) följer inte formatet.",
    ),
    "ballots_unsorted": (
        "{contest}: ballot {ballot} (from 0) is not in sorted order.",
        "{contest}: ääni {ballot} (nollasta) ei ole lajittelujärjestyksessä.",
        "{contest}: röst {ballot} (från 0) är inte i sorterad ordning.",
    ),
    "counts": (
        "{contest}: the outcome states other counts than {ballots} ballots, {blank} blank, {over} over a limit.",
        "{contest}: tulos ilmoittaa muut luvut kuin {ballots} ääntä, {blank} tyhjää, {over} yli rajan.",
        "{contest}: resultatet anger andra antal än {ballots} röster, {blank} blanka, {over} över en gräns.",
    ),
    "no_outcome": (
        "{contest}: the outcome cannot be read, its counts were not compared.",
        "{contest}: tulosta ei voi lukea, lukumääriä ei verrattu.",
        "{contest}: resultatet kan inte läsas, antalen jämfördes inte.",
    ),
    "no_ballots": (
        "{contest}: not counted again, because its ballots cannot be read (see V14).",
        "{contest}: ei laskettu uudelleen, koska ääniä ei voi lukea (katso V14).",
        "{contest}: inte omräknad, eftersom rösterna inte kan läsas (se V14).",
    ),
    "outcome": (
        "{contest}: the published outcome differs from the count at {path}.",
        "{contest}: julkaistu tulos poikkeaa laskennasta kohdassa {path}.",
        "{contest}: det publicerade resultatet avviker från räkningen vid {path}.",
    ),
    "result_form": (
        "{path} of the result is not as the format says.",
        "Tuloksen kohta {path} ei ole määrittelyn mukainen.",
        "{path} i resultatet följer inte formatet.",
    ),
    "result_unit": (
        "Costs and budget of the file are not whole numbers above 0 of 1/{unit} of the currency.",
        "Tiedoston kustannukset ja budjetti eivät ole kokonaislukuja yli 0, yksikkönä 1/{unit} valuuttaa.",
        "Filens kostnader och budget är inte heltal över 0 av 1/{unit} av valutan.",
    ),
    "result_counts": (
        "The result is of another election or tie rule: the file has {ballots} ballots, {blank} blank, "
        "budget {budget}.",
        "Tulos on toisesta äänestyksestä tai tasatilannesäännöstä: tiedostossa on {ballots} ääntä, {blank} tyhjää, "
        "budjetti {budget}.",
        "Resultatet gäller en annan omröstning eller regel för lika lägen: filen har {ballots} röster, {blank} blanka, "
        "budget {budget}.",
    ),
    "method": (
        "A certificate of the kind {method} does not go with this rule, or not with its steps.",
        "Todistuslaji {method} ei vastaa tätä sääntöä tai sen korotuksia.",
        "Ett intyg av slaget {method} hör inte till denna regel eller dess höjningar.",
    ),
    "stages": (
        "The certificate does not have the stages that the rule has.",
        "Todistuksessa ei ole niitä osia, jotka säännössä on.",
        "Intyget har inte de delar som regeln har.",
    ),
    "winners": (
        "The winners are not the projects that the steps fund.",
        "Voittajat eivät ole ne hankkeet, jotka vaiheet rahoittavat.",
        "Vinnarna är inte de projekt som stegen finansierar.",
    ),
    "result_cost": (
        "The winners cost {cost}, not what the result says.",
        "Voittajat maksavat {cost}, eivät sitä, mitä tulos sanoo.",
        "Vinnarna kostar {cost}, inte det som resultatet säger.",
    ),
    "overspent": (
        "The winners cost {cost}, which is more than the budget.",
        "Voittajat maksavat {cost}, mikä ylittää budjetin.",
        "Vinnarna kostar {cost}, mer än budgeten.",
    ),
    "not_allowed": (
        "{project} must not win: the rule's demands exclude it.",
        "{project} ei saa voittaa: säännön ehdot sulkevat sen pois.",
        "{project} får inte vinna: regelns villkor utesluter det.",
    ),
    "welfare": (
        "The winners are worth {welfare} together, not what the result says, or one is no candidate.",
        "Voittajien arvo on yhteensä {welfare}, ei se, mitä tulos sanoo, tai joku ei ole ehdolla.",
        "Vinnarna är tillsammans värda {welfare}, inte det som resultatet säger, eller något är ingen kandidat.",
    ),
    "bound": (
        "The bound stated is not what its rate gives, or does not prove what it is said to.",
        "Ilmoitettu raja ei ole se, minkä sen suhde antaa, tai ei todista väitettyä.",
        "Den angivna gränsen är inte den som dess kvot ger, eller bevisar inte det som påstås.",
    ),
    "turn_order": (
        "Turn {turn}: {project} with this score does not have its turn here.",
        "Vuoro {turn}: hankkeen {project} vuoro näillä pisteillä ei ole tässä.",
        "Tur {turn}: {project} med denna poäng står inte i tur här.",
    ),
    "turn_money": (
        "Turn {turn}: before {project} the money left is {left} minor units, or it is not funded as this says.",
        "Vuoro {turn}: ennen hanketta {project} rahaa on {left} pienintä yksikköä, tai rahoitus ei vastaa sitä.",
        "Tur {turn}: före {project} återstår {left} minsta enheter, eller så stämmer finansieringen inte med det.",
    ),
    "turns_missing": (
        "Only {turns} of {projects} projects had their turn.",
        "Vain {turns}/{projects} hanketta sai vuoronsa.",
        "Bara {turns} av {projects} projekt fick sin tur.",
    ),
    "stop_reason": (
        "The count ends for the reason {right}, not {reason}.",
        "Laskenta päättyy syystä {right}, ei syystä {reason}.",
        "Räkningen slutar av skälet {right}, inte {reason}.",
    ),
    "stop_project": (
        "{project} is not the project at which the count stopped, or not with this load.",
        "{project} ei ole hanke, johon laskenta pysähtyi, tai ei tällä kuormalla.",
        "{project} är inte projektet där räkningen stannade, eller inte med denna börda.",
    ),
    "endowment": (
        "The endowment is not the one that the rule gives after {increments} increments.",
        "Alkuraha ei ole se, jonka sääntö antaa {increments} korotuksen jälkeen.",
        "Startbeloppet är inte det som regeln ger efter {increments} höjningar.",
    ),
    "not_for_sale": (
        "Round {round}: {project} cannot be bought here.",
        "Kierros {round}: hanketta {project} ei voi ostaa tässä.",
        "Runda {round}: {project} kan inte köpas här.",
    ),
    "payment": (
        "Round {round}: what the supporters pay at the price stated is not the cost of {project}.",
        "Kierros {round}: kannattajien maksu ilmoitetulla hinnalla ei ole hankkeen {project} kustannus.",
        "Runda {round}: det som anhängarna betalar till angivet pris är inte kostnaden för {project}.",
    ),
    "payment_line": (
        "Round {round}: who pays for {project} in full, and what the others give, is not as stated.",
        "Kierros {round}: ketkä maksavat hankkeen {project} täysin ja mitä muut antavat, ei ole ilmoitetun mukainen.",
        "Runda {round}: vilka som betalar fullt för {project}, och vad de andra ger, är inte som angivet.",
    ),
    "undercut": (
        "Round {round}: {other} was cheaper than {project}.",
        "Kierros {round}: {other} oli halvempi kuin {project}.",
        "Runda {round}: {other} var billigare än {project}.",
    ),
    "tie_order": (
        "Round {round}: {other} has the same price as {project} and comes first by the tie rule.",
        "Kierros {round}: hankkeella {other} on sama hinta kuin hankkeella {project}, ja se on säännön mukaan ensin.",
        "Runda {round}: {other} har samma pris som {project} och kommer först enligt regeln.",
    ),
    "lighter": (
        "Round {round}: {other} comes before {project}.",
        "Kierros {round}: {other} tulee ennen hanketta {project}.",
        "Runda {round}: {other} kommer före {project}.",
    ),
    "load": (
        "Round {round}: load, supporters or money left of {project} are not as stated.",
        "Kierros {round}: hankkeen {project} kuorma, kannattajat tai jäljellä oleva raha ei ole ilmoitetun mukainen.",
        "Runda {round}: börda, anhängare eller återstående pengar för {project} är inte som angivet.",
    ),
    "should_stop": (
        "Round {round}: the count should have stopped before {project}, because {other} does not fit.",
        "Kierros {round}: laskennan olisi pitänyt pysähtyä ennen hanketta {project}, koska {other} ei mahdu.",
        "Runda {round}: räkningen borde ha stannat före {project}, eftersom {other} inte ryms.",
    ),
    "could_fund": (
        "At the end {project} could still be funded.",
        "Lopussa {project} olisi vielä voitu rahoittaa.",
        "I slutet kunde {project} ännu ha finansierats.",
    ),
    "could_buy": (
        "At the end the supporters of {project} could still pay for it.",
        "Lopussa hankkeen {project} kannattajat voisivat vielä maksaa sen.",
        "I slutet kunde anhängarna till {project} ännu betala för det.",
    ),
    "short_money": (
        "What the supporters of {project} have left is not as stated.",
        "Hankkeen {project} kannattajien jäljellä oleva raha ei ole ilmoitetun mukainen.",
        "Det som anhängarna till {project} har kvar är inte som angivet.",
    ),
    "exhausted": (
        "The money left is {left} minor units, or the cheapest project is not the one stated.",
        "Rahaa on jäljellä {left} pienintä yksikköä, tai halvin hanke ei ole ilmoitettu.",
        "Återstoden är {left} minsta enheter, eller det billigaste projektet är inte det angivna.",
    ),
    "next_within": (
        "The step after, of {increments} increments, is not shown to overspend: its purchases cost {cost} minor units.",
        "Seuraavan askeleen, {increments} korotusta, ei osoiteta ylittävän budjettia: ostot maksavat {cost} pienintä "
        "yksikköä.",
        "Nästa steg, {increments} höjningar, visas inte överskrida budgeten: köpen kostar {cost} minsta enheter.",
    ),
    "step_shown": (
        "Step {step} of the result does not say what the certificate says (0: endowment, increments, stop).",
        "Tuloksen vaihe {step} ei sano samaa kuin todistus (0: alkuraha, korotukset, päättyminen).",
        "Steg {step} i resultatet säger inte detsamma som intyget (0: startbelopp, höjningar, slut).",
    ),
    "stage_shown": (
        "The part {stage} of the result does not say what the certificate says.",
        "Tuloksen osa {stage} ei sano samaa kuin todistus.",
        "Delen {stage} i resultatet säger inte detsamma som intyget.",
    ),
    "comparison": (
        "The comparison is not as stated: the ballots take {taken}.",
        "Vertailu ei ole ilmoitetun mukainen: äänet valitsevat {taken}.",
        "Jämförelsen är inte som angivet: rösterna väljer {taken}.",
    ),
    "tie_shown": (
        "Tie {tie} of the result is not the one that was met, or is missing.",
        "Tuloksen tasatilanne {tie} ei ole se, joka kohdattiin, tai se puuttuu.",
        "Lika läge {tie} i resultatet är inte det som uppstod, eller saknas.",
    ),
    "recount": (
        "The count from the first step gives another {field}.",
        "Laskenta ensimmäisestä vaiheesta antaa toisen arvon kohtaan {field}.",
        "Räkningen från första steget ger ett annat {field}.",
    ),
} | _PROBLEMS

UNREADABLE: dict[str, Text] = {
    "cannot_open": ("{path} cannot be opened.", "Tiedostoa {path} ei voi avata.", "{path} kan inte öppnas."),
    "not_a_file": ("{path} is not a file.", "{path} ei ole tiedosto.", "{path} är ingen fil."),
    "too_large": (
        "{path} is larger than a bundle can be.",
        "{path} on suurempi kuin paketti voi olla.",
        "{path} är större än ett paket kan vara.",
    ),
    "too_many": (
        "The file holds more members than a bundle can.",
        "Tiedostossa on enemmän jäseniä kuin paketissa voi olla.",
        "Filen innehåller fler medlemmar än ett paket kan ha.",
    ),
    "not_a_bundle": (
        "The file is not an evidence bundle (a ZIP file of the form in docs/schemas/bundle.md).",
        "Tiedosto ei ole todistepaketti (ZIP-tiedosto, muoto docs/schemas/bundle.md).",
        "Filen är inget bevispaket (en ZIP-fil av formen i docs/schemas/bundle.md).",
    ),
    "truncated": (
        "The file ends too early: it is truncated.",
        "Tiedosto päättyy liian aikaisin: se on katkennut.",
        "Filen slutar för tidigt: den är avkortad.",
    ),
    "unusual_header": (
        "The header at byte {offset} is not one of a bundle; nothing was read from it.",
        "Tavun {offset} otsake ei ole paketin otsake; siitä ei luettu mitään.",
        "Huvudet vid byte {offset} hör inte till ett paket; inget lästes från det.",
    ),
    "unusual_directory": (
        "The directory at the end does not agree with the members.",
        "Tiedoston lopun hakemisto ei vastaa jäseniä.",
        "Förteckningen i slutet stämmer inte med medlemmarna.",
    ),
    "unsorted_names": (
        "The member {name} is out of order or there twice.",
        "Jäsen {name} on väärässä järjestyksessä tai kahdesti.",
        "Medlemmen {name} är i fel ordning eller finns två gånger.",
    ),
    "bad_name": (
        "The member name {name} is not allowed in a bundle.",
        "Jäsenen nimi {name} ei ole sallittu paketissa.",
        "Medlemsnamnet {name} är inte tillåtet i ett paket.",
    ),
    "bad_checksum": (
        "The member {name} is damaged: its checksum differs.",
        "Jäsen {name} on vioittunut: sen tarkistussumma on toinen.",
        "Medlemmen {name} är skadad: dess kontrollsumma är en annan.",
    ),
    "bad_key": (
        "The key given with --key is not a verifier key of the form name+id+key.",
        "Valitsimella --key annettu avain ei ole muotoa nimi+tunnus+avain.",
        "Nyckeln som gavs med --key har inte formen namn+id+nyckel.",
    ),
    "bad_older": (
        "{path} is not a checkpoint.",
        "{path} ei ole tarkistuspiste.",
        "{path} är ingen kontrollpunkt.",
    ),
    "not_written": (
        "The report could not be written: the disk is full, or the program that reads it has ended.",
        "Raporttia ei voitu kirjoittaa: levy on täynnä, tai sitä lukeva ohjelma on päättynyt.",
        "Rapporten kunde inte skrivas: disken är full, eller programmet som läser den har avslutats.",
    ),
    "interrupted": (
        "Stopped before the end: nothing was found out.",
        "Keskeytetty ennen loppua: mitään ei saatu selville.",
        "Avbrutet före slutet: inget har fastställts.",
    ),
    "usage": (
        "The command line is not understood. Usage: {usage}",
        "Komentoriviä ei ymmärretä. Käyttö: {usage}",
        "Kommandoraden kan inte tolkas. Användning: {usage}",
    ),
    "too_large_votes": (
        "{path} is larger than a file of votes can be.",
        "{path} on suurempi kuin äänitiedosto voi olla.",
        "{path} är större än en röstfil kan vara.",
    ),
    "too_large_result": (
        "{path} is larger than a result can be.",
        "{path} on suurempi kuin tulos voi olla.",
        "{path} är större än ett resultat kan vara.",
    ),
    "not_votes": (
        "{path}, line {line}: this cannot be read as a .pb file.",
        "{path}, rivi {line}: tätä ei voi lukea .pb-tiedostona.",
        "{path}, rad {line}: detta kan inte läsas som en .pb-fil.",
    ),
    "not_a_result": (
        "{path} is not a result of `pb tally --format json`.",
        "{path} ei ole komennon `pb tally --format json` tulos.",
        "{path} är inget resultat av `pb tally --format json`.",
    ),
} | sealed.UNREADABLE

VERDICT: dict[str, Text] = {
    "pass_sealed": sealed.VERDICT,
    "pass": (
        "The published result follows from the published ballots.",
        "Julkaistu tulos seuraa julkaistuista äänistä.",
        "Det publicerade resultatet följer av de publicerade rösterna.",
    ),
    "fail": (
        "{checks} did not pass: the result must not be confirmed as it stands.",
        "{checks} ei mennyt läpi: tulosta ei saa vahvistaa tällaisenaan.",
        "{checks} godkändes inte: resultatet får inte fastställas som det är.",
    ),
    "pass_tally": (
        "The result follows from the ballots of the file.",
        "Tulos seuraa tiedoston äänistä.",
        "Resultatet följer av filens röster.",
    ),
    "pass_quick": (
        "Every step of the certificate holds. Steps before the one that counts, and searches, were not counted again.",
        "Todistuksen jokainen vaihe pitää. Ratkaisevaa edeltäviä korotuksia ja hakuja ei laskettu uudelleen.",
        "Varje steg i intyget håller. Steg före det avgörande, och sökningar, räknades inte om.",
    ),
    "pass_process": process.VERDICT,
    "fail_process": process.FAILED,
}

LABELS: dict[str, Text] = {
    "summary": (
        "{passed} checks passed, {failed} failed, {missing} could not be run, {idle} do not apply.",
        "{passed} tarkistusta läpi, {failed} epäonnistui, {missing} jäi tekemättä, {idle} ei koske tätä kierrosta.",
        "{passed} kontroller godkända, {failed} misslyckade, {missing} kunde inte göras, {idle} är inte tillämpliga.",
    ),
    "rehearsal": (
        "This is the record of a rehearsal: it counts for nothing.",
        "Tämä on harjoituksen loki: sillä ei ole mitään vaikutusta.",
        "Det här är loggen från en övning: den gäller ingenting.",
    ),
    "round": ("Round", "Kierros", "Omgång"),
    "record": ("Record", "Loki", "Logg"),
    "record_line": ("{origin}, {size} entries", "{origin}, {size} merkintää", "{origin}, {size} poster"),
    "district": (
        "{contest}: {ballots} ballots, {winners} winners, {cost} of {budget} {currency}",
        "{contest}: {ballots} ääntä, {winners} voittajaa, {cost} / {budget} {currency}",
        "{contest}: {ballots} röster, {winners} vinnare, {cost} av {budget} {currency}",
    ),
    "counted": ("Counted again", "Laskettu uudelleen", "Omräknat"),
    "fingerprint": ("Fingerprint of the round", "Kierroksen sormenjälki", "Omgångens fingeravtryck"),
    "key": ("Key of the record", "Lokin avain", "Loggens nyckel"),
    "compare": (
        "Compare both with what the organiser published in another place: on posters, in the minutes.",
        "Vertaa molempia siihen, minkä järjestäjä on julkaissut muualla: julisteissa, pöytäkirjassa.",
        "Jämför båda med det som arrangören har publicerat på annat håll: på affischer, i mötesprotokollet.",
    ),
    "bundle": ("SHA-256 of the bundle", "Paketin SHA-256", "Paketets SHA-256"),
    "more": ("and {number} more", "ja {number} muuta", "och {number} till"),
    "limits": ("What this cannot show", "Mitä tämä ei voi osoittaa", "Vad detta inte kan visa"),
    "counting": (
        "{contest}: {increments} increments counted",
        "{contest}: {increments} korotusta laskettu",
        "{contest}: {increments} höjningar räknade",
    ),
    "result": ("SHA-256 of the result", "Tuloksen SHA-256", "Resultatets SHA-256"),
    "votes": ("SHA-256 of the file of votes", "Äänitiedoston SHA-256", "Röstfilens SHA-256"),
} | _LABELS

CANNOT_SHOW: Text = (
    "That the published ballots are those that people cast, that each came from somebody who was entitled to vote, "
    "that nobody was pressed, and that you were shown the same record as everybody else.",
    "Että julkaistut äänet ovat ne, jotka ihmiset antoivat, että jokaisen antoi äänioikeutettu, ettei ketään "
    "painostettu ja että sinulle näytettiin sama loki kuin kaikille muille.",
    "Att de publicerade rösterna är de som människor avgav, att var och en kom från en röstberättigad, att ingen "
    "utsattes för påtryckning och att du såg samma logg som alla andra.",
)

TALLY_CANNOT_SHOW: Text = (
    "That the file holds the ballots that people cast, each from somebody who was entitled to vote, and that the rule "
    "is the one that was declared before the vote. Whether another order of a tie would have changed the winners is "
    "not examined here.",
    "Että tiedosto sisältää ne äänet, jotka äänioikeutetut antoivat, ja että sääntö on se, joka ilmoitettiin ennen "
    "äänestystä. Sitä, olisiko tasatilanteen toinen ratkaisu muuttanut voittajia, ei tutkita tässä.",
    "Att filen innehåller de röster som röstberättigade avgav, och att regeln är den som angavs före omröstningen. "
    "Om en annan ordning vid lika läge hade ändrat vinnarna granskas inte här.",
)

HELP: dict[str, Text] = {
    "about": (
        "Checks an evidence bundle of a participatory budgeting round without trusting whoever made it, "
        "and without a network. Exit status: 0 verified, 1 not verified, 2 unreadable bundle or usage.",
        "Tarkistaa osallistuvan budjetoinnin kierroksen todistepaketin luottamatta sen tekijään ja ilman "
        "verkkoyhteyttä. Paluuarvo: 0 vahvistettu, 1 ei vahvistettu, 2 paketti tai komento ei kelpaa.",
        "Kontrollerar ett bevispaket för en omgång deltagande budgetering utan att lita på den som gjort det och "
        "utan nätverk. Slutstatus: 0 verifierat, 1 inte verifierat, 2 oläsligt paket eller fel kommando.",
    ),
    "arguments": ("arguments", "argumentit", "argument"),
    "file": (
        "the bundle, or with --tally the file of votes",
        "paketti, tai valitsimen --tally kanssa äänitiedosto",
        "paketet, eller med --tally röstfilen",
    ),
    "format": ("form of the report", "raportin muoto", "rapportens form"),
    "checkpoint": (
        "a checkpoint of the same record that you saved earlier",
        "aiemmin tallentamasi saman lokin tarkistuspiste",
        "en kontrollpunkt för samma logg som du sparat tidigare",
    ),
    "key": (
        "the published key of the record, name+id+key",
        "lokin julkaistu avain, nimi+tunnus+avain",
        "loggens publicerade nyckel, namn+id+nyckel",
    ),
    "lang": ("language of the report", "raportin kieli", "rapportens språk"),
    "help": ("show this help", "näytä tämä ohje", "visa denna hjälp"),
    "tally": (
        "check this result of `pb tally --format json` against the .pb file FILE",
        "tarkista tämä komennon `pb tally --format json` tulos .pb-tiedostoa FILE vasten",
        "kontrollera detta resultat av `pb tally --format json` mot .pb-filen FILE",
    ),
    "quick": (
        "with --tally: go through the certificate only, do not count from the first step",
        "valitsimen --tally kanssa: käy läpi vain todistus, älä laske ensimmäisestä vaiheesta",
        "med --tally: gå bara igenom intyget, räkna inte från första steget",
    ),
} | sealed.HELP
