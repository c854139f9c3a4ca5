const PLACE = "[data-progress]";
const EVERY = 2000;

/**
 * Keep what says how far something is up to date, without a word to the reader for each step: the page is fetched again
 * and again and its part takes the place of this one. When the page has no such part any more, it is over: read it anew.
 */
export function followProgress(): void {
	window.setTimeout(() => {
		look()
			.then((goesOn) => (goesOn ? followProgress() : window.location.reload()))
			.catch(() => followProgress()); // the link beside it leads there too
	}, EVERY);
}

async function look(): Promise<boolean> {
	const answer = await fetch(window.location.href);
	if (!answer.ok) throw new Error(`The page could not be fetched: ${answer.status}`);
	const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector<HTMLElement>(PLACE);
	const now = document.querySelector<HTMLElement>(PLACE);
	if (!next || !now) return false;
	now.replaceChildren(...next.childNodes);
	return true;
}
