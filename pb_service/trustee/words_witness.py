"""What `pb witness` and `pb monitor` say, in the three languages; the order in each tuple is that of LANGUAGES."""

from pb_service.trustee.words import Text

MADE: Text = (
    "Made: {folder}. Give this key to the operators of the records that you will witness:",
    "Luotu: {folder}. Anna tämä avain niiden lokien ylläpitäjille, joita todistat:",
    "Skapad: {folder}. Ge den här nyckeln till dem som driver de loggar som du ska bevittna:",
)
FOLLOWED: Text = (
    "{origin} is followed from now on. This folder must never be restored from a backup.",
    "{origin} on nyt seurattavana. Tätä kansiota ei saa koskaan palauttaa varmuuskopiosta.",
    "{origin} följs från och med nu. Den här mappen får aldrig återställas från en säkerhetskopia.",
)
SERVING: Text = (
    "Answering add-checkpoint on http://{address}, until Ctrl-C.",
    "Vastataan add-checkpoint-pyyntöihin osoitteessa http://{address}, kunnes painat Ctrl-C.",
    "Svarar på add-checkpoint på http://{address} tills du trycker Ctrl-C.",
)
SIGNED: Text = (
    "{origin}: {size} entries, signed.",
    "{origin}: {size} merkintää, allekirjoitettu.",
    "{origin}: {size} poster, undertecknad.",
)
NOT_SIGNED: Text = (
    "NOT SIGNED: {fault}. Nothing was signed for {place}. Look again; if it stays so, tell the operator and the "
    "auditors.",
    "EI ALLEKIRJOITETTU: {fault}. Paikalle {place} ei allekirjoitettu mitään. Katso uudelleen; jos asia ei korjaannu, "
    "kerro ylläpitäjälle ja tarkastajille.",
    "INTE UNDERTECKNAD: {fault}. Inget undertecknades för {place}. Titta igen; om det inte ändras, meddela "
    "driftsansvariga och granskarna.",
)
FORK: Text = (
    "ALARM: the record contradicts what was signed before: {fault}. Both heads are in {proof}: keep that file, and "
    "give it to the auditors and to everybody else.",
    "HÄLYTYS: loki on ristiriidassa aiemmin allekirjoitetun kanssa: {fault}. Molemmat päät ovat tiedostossa {proof}: "
    "säilytä se ja anna se tarkastajille ja kaikille muille.",
    "LARM: loggen motsäger det som undertecknats tidigare: {fault}. Båda huvudena finns i {proof}: behåll filen och ge "
    "den till granskarna och alla andra.",
)

FINE: Text = (
    "{at}  {origin}: {size} entries, nothing taken back, at {places}.",
    "{at}  {origin}: {size} merkintää, mitään ei ole peruttu: {places}.",
    "{at}  {origin}: {size} poster, inget har tagits tillbaka: {places}.",
)
WITNESSED: Text = (
    "{at}  Signed by {signed} witnesses ({quorum} are needed), last by that many at {seen}.",
    "{at}  Allekirjoittanut {signed} todistajaa (tarvitaan {quorum}), viimeksi niin moni {seen}.",
    "{at}  Undertecknad av {signed} vittnen ({quorum} behövs), senast av så många {seen}.",
)
AWAY: Text = (
    "{at}  Not seen this time: {fault}",
    "{at}  Ei nähty tällä kertaa: {fault}",
    "{at}  Inte sedd den här gången: {fault}",
)
KEPT: Text = (
    "What contradicts it is kept: {files}. Give these files to the auditors; they prove it to anybody.",
    "Ristiriidan todisteet on tallennettu: {files}. Anna tiedostot tarkastajille; ne todistavat asian kenelle tahansa.",
    "Det som motsäger är sparat: {files}. Ge filerna till granskarna; de bevisar saken för vem som helst.",
)
#: What `pb monitor` alarms about, by its name.
ALARMS: dict[str, Text] = {
    "unsigned": (
        "ALARM: {place} shows a head that the record's key has not signed.",
        "HÄLYTYS: {place} näyttää lokin pään, jota lokin avain ei ole allekirjoittanut.",
        "LARM: {place} visar ett huvud som loggens nyckel inte har undertecknat.",
    ),
    "rollback": (
        "ALARM: {place} has gone back from {before} entries to {size}: what was published is missing.",
        "HÄLYTYS: {place} on palannut {before} merkinnästä {size} merkintään: julkaistua puuttuu.",
        "LARM: {place} har gått tillbaka från {before} poster till {size}: publicerat saknas.",
    ),
    "fork": (
        "ALARM: the record has two histories. {place} shows {size} entries, and they do not fit the {before} entries "
        "that were seen before or elsewhere.",
        "HÄLYTYS: lokilla on kaksi historiaa. {place} näyttää {size} merkintää, eivätkä ne sovi yhteen aiemmin tai "
        "muualla nähtyjen {before} merkinnän kanssa.",
        "LARM: loggen har två historier. {place} visar {size} poster, och de passar inte ihop med de {before} poster "
        "som setts tidigare eller på annat håll.",
    ),
    "damaged": (
        "ALARM: {place} shows a head of {size} entries, but the entries that are given out are others.",
        "HÄLYTYS: {place} näyttää {size} merkinnän pään, mutta jaossa olevat merkinnät ovat muita.",
        "LARM: {place} visar ett huvud över {size} poster, men de poster som lämnas ut är andra.",
    ),
    "quorum": (
        "ALARM: no head of the record has been seen by {quorum} witnesses; the best one by {signed}.",
        "HÄLYTYS: mitään lokin päätä ei ole nähnyt {quorum} todistajaa; parasta {signed}.",
        "LARM: inget huvud av loggen har setts av {quorum} vittnen; det bästa av {signed}.",
    ),
    "unwitnessed": (
        "ALARM: not enough witnesses have seen the record since {since}. They are away, or it is hidden from them.",
        "HÄLYTYS: riittävä määrä todistajia ei ole nähnyt lokia {since} jälkeen. He ovat poissa, tai loki "
        "salataan heiltä.",
        "LARM: tillräckligt många vittnen har inte sett loggen sedan {since}. De är borta, eller så döljs den för dem.",
    ),
    "silent": (
        "ALARM: the record is silent: nothing new has been seen of it since {since}.",
        "HÄLYTYS: loki on vaiennut: siitä ei ole nähty mitään uutta {since} jälkeen.",
        "LARM: loggen är tyst: inget nytt har setts av den sedan {since}.",
    ),
}
