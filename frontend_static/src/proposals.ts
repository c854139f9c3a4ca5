/**
 * What a reader of proposals keeps on the device alone: saved proposals, and the draw of the list's order.
 *
 * The server sends the buttons hidden, because they need this script. Nothing of it is sent to the server, except that
 * the link to the saved ones names their numbers, as any address that the reader opens.
 */
const MOST_SAVED = 100;
const MOST_COMPARED = 3;

export function keepProposals(): void {
	const page = document.querySelector<HTMLElement>("[data-proposals]");
	if (!page) return;
	const round = page.dataset.proposals ?? "";
	rememberDraw(round);
	offerSaving(page, round);
	offerSharing(page);
}

/** The order stays the same for as long as the window is open: links back to the list lead to the draw it had. */
function rememberDraw(round: string): void {
	const key = `pb-draw-${round}`;
	const draw = new URLSearchParams(location.search).get("draw");
	try {
		if (draw) sessionStorage.setItem(key, draw);
		const kept = sessionStorage.getItem(key);
		if (!kept) return;
		for (const link of document.querySelectorAll<HTMLAnchorElement>(`a[href$="/rounds/${round}/proposals"]`)) {
			if (!link.closest(".languages")) link.href += `?draw=${encodeURIComponent(kept)}`;
		}
	} catch {
		// Storage is switched off: the order is drawn anew, as without this script.
	}
}

function offerSaving(page: HTMLElement, round: string): void {
	const key = `pb-saved-${round}`;
	let saved: number[];
	try {
		saved = read(localStorage.getItem(key));
		localStorage.setItem(key, JSON.stringify(saved));
	} catch {
		return;
	}
	const show = () => {
		for (const button of page.querySelectorAll<HTMLButtonElement>("[data-save]")) {
			button.hidden = false;
			button.setAttribute("aria-pressed", String(saved.includes(Number(button.dataset.save))));
		}
		link(page, "[data-saved-link]", saved, saved.length);
		link(page, "[data-compare-link]", saved.length > 1 ? saved.slice(0, MOST_COMPARED) : [], 0);
		for (const compare of page.querySelectorAll<HTMLAnchorElement>("[data-compare]")) {
			const own = Number(compare.dataset.compare);
			const numbers = [own, ...saved.filter((number) => number !== own)].slice(0, MOST_COMPARED);
			compare.search = `?n=${numbers.join(".")}`;
		}
	};
	page.addEventListener("click", (event) => {
		const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-save]") : null;
		if (!button) return;
		const number = Number(button.dataset.save);
		saved = saved.includes(number)
			? saved.filter((other) => other !== number)
			: [number, ...saved].slice(0, MOST_SAVED);
		localStorage.setItem(key, JSON.stringify(saved));
		show();
	});
	show();
}

function link(page: HTMLElement, selector: string, numbers: number[], count: number): void {
	const place = page.querySelector<HTMLElement>(selector);
	const anchor = place?.querySelector("a");
	if (!place || !anchor) return;
	place.hidden = numbers.length === 0;
	anchor.search = `?n=${numbers.join(".")}`;
	const shown = place.querySelector("[data-saved-count]");
	if (shown) shown.textContent = String(count);
}

function read(text: string | null): number[] {
	const found: unknown = JSON.parse(text ?? "[]");
	return Array.isArray(found) ? found.filter((number): number is number => Number.isInteger(number)) : [];
}

/** The device's own way to share, or a copy of the address: no button of anybody else's. */
function offerSharing(page: HTMLElement): void {
	const place = page.querySelector<HTMLElement>("[data-share]");
	const button = place?.querySelector<HTMLButtonElement>("[data-share-button]");
	const status = place?.querySelector<HTMLElement>("[role=status]");
	if (!place || !button || !status) return;
	const address = location.origin + location.pathname;
	if (!navigator.share && !navigator.clipboard) return;
	place.hidden = false;
	button.addEventListener("click", async () => {
		try {
			if (navigator.share) await navigator.share({ title: document.title, url: address });
			else {
				await navigator.clipboard.writeText(address);
				status.textContent = button.dataset.copied ?? "";
			}
		} catch {
			// The reader changed their mind.
		}
	});
}
