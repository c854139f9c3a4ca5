"""The sentences about the process before the vote, in the order of words.LANGUAGES: English, Finnish, Swedish."""

Text = tuple[str, str, str]

TITLES: dict[str, Text] = {
    "P1": (
        "What happened to each proposal follows the table of states",
        "Jokaisen ehdotuksen vaiheet noudattavat tilataulukkoa",
        "Det som hände med varje förslag följer tillståndstabellen",
    ),
    "P2": (
        "Each cost on the ballot list is the last one that a second person signed",
        "Jokainen äänestyslistan kustannus on viimeisin, jonka toinen henkilö allekirjoitti",
        "Varje kostnad på omröstningslistan är den senaste som en andra person undertecknade",
    ),
    "P3": (
        "Each project goes back to the proposals it came from, through merges and splits",
        "Jokainen äänestettävä ehdotus palautuu alkuperäisiin ehdotuksiin, yhdistämiset ja jaot mukaan lukien",
        "Varje projekt går tillbaka till förslagen det kom från, genom sammanslagningar och delningar",
    ),
    "P4": (
        "Nothing changed after the ballot list was fixed but by amendment",
        "Äänestyslistan vahvistamisen jälkeen mikään ei muuttunut muuten kuin muutoksella",
        "Inget ändrades efter att omröstningslistan fastställdes annat än genom ändring",
    ),
    "P5": (
        "Every refusal has its reason, and a review was decided by somebody else",
        "Jokaisella hylkäyksellä on perustelu, ja uudelleenkäsittelyn ratkaisi toinen henkilö",
        "Varje avslag har sin motivering, och en omprövning avgjordes av någon annan",
    ),
}

FIGURES: dict[str, Text] = {
    "P1": (
        "{acts} acts on {proposals} proposals",
        "{acts} tapahtumaa, {proposals} ehdotusta",
        "{acts} händelser, {proposals} förslag",
    ),
    "P2": ("{projects} projects", "{projects} äänestettävää ehdotusta", "{projects} projekt"),
    "P3": (
        "{projects} projects, {proposals} proposals",
        "{projects} äänestettävää, {proposals} ehdotusta",
        "{projects} projekt, {proposals} förslag",
    ),
    "P4": (
        "{lists} lists, {waiting} changes not taken up",
        "{lists} listaa, {waiting} muutosta odottaa",
        "{lists} listor, {waiting} ändringar väntar",
    ),
    "P5": (
        "{refusals} refusals and reviews",
        "{refusals} hylkäystä ja uudelleenkäsittelyä",
        "{refusals} avslag och omprövningar",
    ),
}

REASONS: dict[str, Text] = {
    "no_list": (
        "the ballot list is not fixed yet",
        "äänestyslistaa ei ole vielä vahvistettu",
        "omröstningslistan är inte fastställd ännu",
    ),
    "no_vote": (
        "the vote has not begun in this record",
        "äänestys ei ole alkanut tässä lokissa",
        "omröstningen har inte börjat i denna logg",
    ),
}

VERDICT: Text = (
    "Every step from the proposals to the ballot list stands in the record as the rules ask. Nobody has voted yet.",
    "Jokainen vaihe ehdotuksista äänestyslistaan on lokissa sääntöjen mukaan. Äänestys ei ole vielä alkanut.",
    "Varje steg från förslagen till omröstningslistan finns i loggen enligt reglerna. Ingen har röstat ännu.",
)

FAILED: Text = (
    "{checks} did not pass: the ballot list must not be used as it stands.",
    "{checks} ei mennyt läpi: äänestyslistaa ei saa käyttää tällaisenaan.",
    "{checks} godkändes inte: omröstningslistan får inte användas som den är.",
)

CANNOT_SHOW: Text = (
    "that a reason is a good one, that a cost will hold, and who the people behind the signs are; the service keeps "
    "their names, the record only tells whether two acts were by the same person.",
    "että perustelu on hyvä, että kustannus pitää tai keitä tunnusten takana on; palvelu säilyttää nimet, loki kertoo "
    "vain, oliko kaksi tekoa saman henkilön.",
    "att en motivering är bra, att en kostnad håller eller vilka som står bakom tecknen; tjänsten har namnen, loggen "
    "säger bara om två handlingar var av samma person.",
)

PROBLEMS: dict[str, Text] = {
    "no_key_given": (
        "No key was given, and without a manifest the bundle names none: use --key.",
        "Avainta ei annettu, eikä paketti ilman manifestia nimeä sitä: käytä valitsinta --key.",
        "Ingen nyckel gavs, och utan manifest anger paketet ingen: använd --key.",
    ),
    "act_file": (
        "Entry {entry}: {member} is not the file that the entry names.",
        "Merkintä {entry}: {member} ei ole se tiedosto, jonka merkintä nimeää.",
        "Post {entry}: {member} är inte den fil som posten anger.",
    ),
    "act_object": (
        "Entry {entry} is about {object}, its file about something else.",
        "Merkintä {entry} koskee kohdetta {object}, sen tiedosto jotakin muuta.",
        "Post {entry} gäller {object}, dess fil något annat.",
    ),
    "act_state": (
        "Entry {entry}: {kind} cannot happen to {object}, which is {state}.",
        "Merkintä {entry}: {kind} ei voi kohdistua kohteeseen {object}, jonka tila on {state}.",
        "Post {entry}: {kind} kan inte hända {object}, vars tillstånd är {state}.",
    ),
    "act_version": (
        "Entry {entry}: version {version} of {object} does not follow the one before.",
        "Merkintä {entry}: kohteen {object} versio {version} ei seuraa edellistä.",
        "Post {entry}: version {version} av {object} följer inte på den föregående.",
    ),
    "asked_twice": (
        "Entry {entry}: there is nothing about {object} that a review could be asked for.",
        "Merkintä {entry}: kohteessa {object} ei ole mitään, mistä uudelleenkäsittelyä voisi pyytää.",
        "Post {entry}: det finns inget om {object} som en omprövning kunde begäras för.",
    ),
    "cost_reason": (
        "Entry {entry}: the signed cost of {object} was changed without a reason.",
        "Merkintä {entry}: kohteen {object} allekirjoitettua kustannusta muutettiin ilman perustelua.",
        "Post {entry}: den undertecknade kostnaden för {object} ändrades utan motivering.",
    ),
    "cost_own_hand": (
        "Entry {entry}: the cost of {object} was signed by the person who set it.",
        "Merkintä {entry}: kohteen {object} kustannuksen allekirjoitti sen laskija itse.",
        "Post {entry}: kostnaden för {object} undertecknades av den som räknade ut den.",
    ),
    "cost_not_signed": (
        "Project {project} is on the list without a signed cost.",
        "Hanke {project} on listalla ilman allekirjoitettua kustannusta.",
        "Projekt {project} står på listan utan undertecknad kostnad.",
    ),
    "cost_differs": (
        "Project {project} costs {cost} on the list, and {signed} was signed; or its range or upkeep differs.",
        "Hanke {project} maksaa listalla {cost}, mutta allekirjoitettu on {signed}; tai väli tai ylläpito eroaa.",
        "Projekt {project} kostar {cost} på listan, men {signed} är undertecknat; eller spann eller underhåll avviker.",
    ),
    "cost_sheet": (
        "The cost sheet of project {project} comes to {computed}, not to the signed {cost}; or its upkeep differs.",
        "Hankkeen {project} kustannuslaskelma antaa {computed}, ei allekirjoitettua {cost}; tai ylläpito eroaa.",
        "Kalkylen för projekt {project} ger {computed}, inte de undertecknade {cost}; eller underhållet avviker.",
    ),
    "project_twice": (
        "Entry {entry}: project {project} is there already, or under another name.",
        "Merkintä {entry}: hanke {project} on jo olemassa tai sillä on toinen nimi.",
        "Post {entry}: projekt {project} finns redan, eller under ett annat namn.",
    ),
    "project_unknown": (
        "Entry {entry}: project {project} was never made for this ballot.",
        "Merkintä {entry}: hanketta {project} ei ole tehty tähän äänestykseen.",
        "Post {entry}: projekt {project} har aldrig gjorts för denna omröstning.",
    ),
    "project_sources": (
        "Project {project}: the list names other proposals than the record.",
        "Hanke {project}: lista nimeää muut ehdotukset kuin loki.",
        "Projekt {project}: listan anger andra förslag än loggen.",
    ),
    "project_left_out": (
        "Project {project} was made from proposals and is not on the list.",
        "Hanke {project} tehtiin ehdotuksista, mutta se ei ole listalla.",
        "Projekt {project} gjordes av förslag och står inte på listan.",
    ),
    "source_state": (
        "Project {project}: proposal {object} does not stand behind it.",
        "Hanke {project}: ehdotus {object} ei ole sen takana.",
        "Projekt {project}: förslaget {object} står inte bakom det.",
    ),
    "source_unknown": (
        "Proposal {object} goes on as {other}, which was never received.",
        "Ehdotus {object} jatkuu ehdotuksena {other}, jota ei ole otettu vastaan.",
        "Förslaget {object} fortsätter som {other}, som aldrig har tagits emot.",
    ),
    "circle": (
        "Proposal {object} goes on as itself.",
        "Ehdotus {object} jatkuu itsenään.",
        "Förslaget {object} fortsätter som sig självt.",
    ),
    "list_order": (
        "Entry {entry}: {kind} out of order: the list is fixed once, and amended after that.",
        "Merkintä {entry}: {kind} väärässä kohdassa: lista vahvistetaan kerran, sen jälkeen sitä muutetaan.",
        "Post {entry}: {kind} på fel plats: listan fastställs en gång, och ändras därefter.",
    ),
    "list_one_person": (
        "Entry {entry}: the list was not confirmed by two people.",
        "Merkintä {entry}: listaa ei vahvistanut kaksi henkilöä.",
        "Post {entry}: listan bekräftades inte av två personer.",
    ),
    "amendment_reason": (
        "Entry {entry}: the list was amended without a reason.",
        "Merkintä {entry}: listaa muutettiin ilman perustelua.",
        "Post {entry}: listan ändrades utan motivering.",
    ),
    "change_not_amended": (
        "Entry {entry}: {kind} of {object} after the list was fixed, and no list took it up.",
        "Merkintä {entry}: {kind} kohteelle {object} listan vahvistamisen jälkeen, eikä mikään lista sisällä sitä.",
        "Post {entry}: {kind} för {object} efter att listan fastställdes, och ingen lista tog upp det.",
    ),
    "change_after_list": (
        "Entry {entry}: {kind} of {object} after the list was fixed.",
        "Merkintä {entry}: {kind} kohteelle {object} listan vahvistamisen jälkeen.",
        "Post {entry}: {kind} för {object} efter att listan fastställdes.",
    ),
    "change_after_manifest": (
        "Entry {entry}: {kind} of {object} after the vote was opened.",
        "Merkintä {entry}: {kind} kohteelle {object} äänestyksen avaamisen jälkeen.",
        "Post {entry}: {kind} för {object} efter att omröstningen öppnades.",
    ),
    "manifest_contests": (
        "The manifest has other contests than the ballot list.",
        "Manifestissa on muut äänestykset kuin äänestyslistassa.",
        "Manifestet har andra omröstningar än omröstningslistan.",
    ),
    "manifest_differs": (
        "Contest {contest}: the manifest differs from the ballot list in projects, costs, money, limits or rule.",
        "Äänestys {contest}: manifesti eroaa listasta hankkeissa, kustannuksissa, rahassa, rajoissa tai säännössä.",
        "Omröstning {contest}: manifestet skiljer sig från listan i projekt, kostnader, pengar, gränser eller regel.",
    ),
    "no_reason": (
        "Entry {entry}: {object} was refused without a reason.",
        "Merkintä {entry}: {object} hylättiin ilman perustelua.",
        "Post {entry}: {object} avslogs utan motivering.",
    ),
    "no_criterion": (
        "Entry {entry}: the decision about {object} does not go with its criteria.",
        "Merkintä {entry}: kohteen {object} päätös ei vastaa sen ehtoja.",
        "Post {entry}: beslutet om {object} stämmer inte med dess villkor.",
    ),
    "not_asked": (
        "Entry {entry}: nobody had asked for the review of {object}.",
        "Merkintä {entry}: kukaan ei ollut pyytänyt kohteen {object} uudelleenkäsittelyä.",
        "Post {entry}: ingen hade begärt omprövningen av {object}.",
    ),
    "same_decider": (
        "Entry {entry}: the review of {object} was decided by who had refused it in entry {first}.",
        "Merkintä {entry}: kohteen {object} uudelleenkäsittelyn ratkaisi se, joka hylkäsi sen merkinnässä {first}.",
        "Post {entry}: omprövningen av {object} avgjordes av den som avslog det i post {first}.",
    ),
}
