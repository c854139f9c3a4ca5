"""The sentences about states of a result, in the order of words.LANGUAGES: English, Finnish, Swedish."""

Text = tuple[str, str, str]

TITLES: dict[str, Text] = {
    "R1": (
        "The document of each state of the result is the one that the record names",
        "Jokaisen tuloksen vaiheen asiakirja on se, jonka loki nimeää",
        "Dokumentet för varje skede av resultatet är det som loggen anger",
    ),
    "R2": (
        "Confirmations, amendments and void contests are signed by a registrar and an auditor that the record knows",
        "Vahvistukset, muutokset ja mitätöinnit on allekirjoittanut äänioikeusluettelon hoitaja ja tarkastaja, "
        "joiden avaimet loki tuntee",
        "Fastställanden, ändringar och ogiltiga omröstningar är undertecknade av en rösträttsregistrator och en "
        "granskare som loggen känner",
    ),
    "R3": (
        "Each state follows the one before it; none takes the place of another",
        "Jokainen vaihe seuraa edellistä; mikään ei korvaa toista",
        "Varje skede följer på det föregående; inget ersätter ett annat",
    ),
    "R4": (
        "What is funded follows from the count and from the changes stated, and fits the budget",
        "Rahoitettavat seuraavat laskennasta ja ilmoitetuista muutoksista ja mahtuvat budjettiin",
        "Det som finansieras följer av räkningen och av de angivna ändringarna, och ryms i budgeten",
    ),
}

FIGURES: dict[str, Text] = {
    "R1": ("{documents} documents", "{documents} asiakirjaa", "{documents} dokument"),
    "R2": (
        "{signatures} valid signatures",
        "{signatures} pätevää allekirjoitusta",
        "{signatures} giltiga underskrifter",
    ),
    "R3": (
        "{confirmed} confirmations, {amended} amendments",
        "{confirmed} vahvistusta, {amended} muutosta",
        "{confirmed} fastställanden, {amended} ändringar",
    ),
    "R4": (
        "{contests} contests stand, {void} void",
        "{contests} äänestystä voimassa, {void} mitätöntä",
        "{contests} omröstningar gäller, {void} ogiltiga",
    ),
}

#: The states by the kind of their entry.
STATES: dict[str, Text] = {
    "result.preliminary": ("preliminary", "alustava", "preliminärt"),
    "result.confirmed": ("confirmed", "vahvistettu", "fastställt"),
    "result.amended": ("amended", "muutettu", "ändrat"),
}

LABELS: dict[str, Text] = {
    "stands": (
        "Result as it stands: {state} (document {number} of {documents})",
        "Tulos nyt: {state} (asiakirja {number}/{documents})",
        "Resultatet som det gäller: {state} (dokument {number} av {documents})",
    ),
    "stands_in": (
        "{contest}: {winners} projects, {cost} of {budget} {currency}",
        "{contest}: {winners} ehdotusta, {cost} / {budget} {currency}",
        "{contest}: {winners} förslag, {cost} av {budget} {currency}",
    ),
    "void": (
        "{contest}: void; its count decides nothing",
        "{contest}: mitätön; sen laskenta ei ratkaise mitään",
        "{contest}: ogiltig; dess räkning avgör ingenting",
    ),
}

PROBLEMS: dict[str, Text] = {
    "state_kind": (
        "Entry {entry}: {kind} is no state of a result.",
        "Merkintä {entry}: {kind} ei ole tuloksen vaihe.",
        "Post {entry}: {kind} är inget skede av ett resultat.",
    ),
    "state_time": (
        "Entry {entry}: {member} gives another time than the entry.",
        "Merkintä {entry}: {member} ilmoittaa toisen ajan kuin merkintä.",
        "Post {entry}: {member} anger en annan tid än posten.",
    ),
    "state_early": (
        "Entry {entry}: {kind} stands before there is what it is about.",
        "Merkintä {entry}: {kind} on ennen sitä, mitä se koskee.",
        "Post {entry}: {kind} står före det som den gäller.",
    ),
    "state_again": (
        "Entry {entry}: {kind} stands there already.",
        "Merkintä {entry}: {kind} on jo voimassa.",
        "Post {entry}: {kind} gäller redan.",
    ),
    "state_before": (
        "Entry {entry}: {kind} does not name the document that it follows.",
        "Merkintä {entry}: {kind} ei nimeä asiakirjaa, jota se seuraa.",
        "Post {entry}: {kind} anger inte det dokument som den följer på.",
    ),
    "void_contest": (
        "Entry {entry}: {contest} is no contest of the manifest, or void already.",
        "Merkintä {entry}: {contest} ei ole manifestin äänestys, tai se on jo mitätön.",
        "Post {entry}: {contest} är ingen omröstning i manifestet, eller redan ogiltig.",
    ),
    "state_funded": (
        "Entry {entry}: what it funds in {contest} does not follow from the count, the document before "
        "and the changes.",
        "Merkintä {entry}: sen rahoittamat ehdotukset äänestyksessä {contest} eivät seuraa laskennasta, edellisestä "
        "asiakirjasta ja muutoksista.",
        "Post {entry}: det som den finansierar i {contest} följer inte av räkningen, det föregående dokumentet och "
        "ändringarna.",
    ),
    "change_unknown": (
        "Entry {entry}: {contest} has no project {project}, or is void.",
        "Merkintä {entry}: äänestyksessä {contest} ei ole ehdotusta {project}, tai se on mitätön.",
        "Post {entry}: {contest} har inget förslag {project}, eller är ogiltig.",
    ),
    "change_dearer": (
        "Entry {entry}: {project} of {contest} would cost more than on the ballot.",
        "Merkintä {entry}: {project} äänestyksessä {contest} maksaisi enemmän kuin äänestyksessä.",
        "Post {entry}: {project} i {contest} skulle kosta mer än i omröstningen.",
    ),
    "change_nothing": (
        "Entry {entry}: the change of {project} of {contest} changes nothing.",
        "Merkintä {entry}: ehdotuksen {project} muutos äänestyksessä {contest} ei muuta mitään.",
        "Post {entry}: ändringen av {project} i {contest} ändrar ingenting.",
    ),
    "change_budget": (
        "Entry {entry}: what is funded in {contest} does not fit the budget.",
        "Merkintä {entry}: äänestyksessä {contest} rahoitettavat eivät mahdu budjettiin.",
        "Post {entry}: det som finansieras i {contest} ryms inte i budgeten.",
    ),
}
