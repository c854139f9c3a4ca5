const CARD = "[data-turn]";

/**
 * Step through the count without leaving the page: the links to the turn before and after fetch the page they lead to,
 * and its card takes the place of this one. If anything goes wrong, the link is followed as if there were no script.
 */
export function stepThroughTurns(): void {
	const card = document.querySelector<HTMLElement>(CARD);
	if (!card) return;
	card.setAttribute("aria-live", "polite");
	document.addEventListener("click", (event) => {
		if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
		const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>(`${CARD} a[rel]`) : null;
		if (!link) return;
		event.preventDefault();
		show(link).catch(() => window.location.assign(link.href));
	});
}

async function show(link: HTMLAnchorElement): Promise<void> {
	const answer = await fetch(link.href);
	if (!answer.ok) throw new Error(`The turn could not be fetched: ${answer.status}`);
	const page = new DOMParser().parseFromString(await answer.text(), "text/html");
	const next = page.querySelector<HTMLElement>(CARD);
	const now = document.querySelector<HTMLElement>(CARD);
	if (!next || !now) throw new Error("The page has no turn.");
	now.replaceChildren(...next.childNodes);
	// The same direction keeps the focus, so that the reader can go on; at either end, what is left of the two.
	const again = now.querySelector<HTMLElement>(`a[rel="${link.rel}"]`) ?? now.querySelector<HTMLElement>("a[rel]");
	again?.focus();
	for (const list of document.querySelectorAll("[data-turns-near]")) {
		const fresh = page.querySelector("[data-turns-near]");
		if (fresh) list.replaceWith(fresh);
	}
}
