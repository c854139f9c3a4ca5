// From 30 minutes before closing the page says how long is left, after it how long those have who had signed in before:
// shown all the time, said aloud now and then.
import type { VotingPage } from "./page";

const FROM_MINUTES = 30;
const SAID_AT = new Set([30, 20, 15, 10, 5, 4, 3, 2, 1]);

export function countDown(page: VotingPage): void {
	const place = page.element.querySelector<HTMLElement>("[data-countdown]");
	const closes = Number(page.element.dataset.closes) * 1000;
	const grace = Number(page.element.dataset.grace) * 1000;
	if (!place || !closes || page.element.dataset.state !== "open") return;
	const text = place.querySelector<HTMLElement>("[data-countdown-text]") ?? place;
	let shown = Number.NaN;
	const tick = (): void => {
		const minutes = Math.ceil((closes - page.now()) / 60_000);
		const rest = Math.max(0, Math.ceil((closes + grace - page.now()) / 60_000));
		// Minutes to the end; below zero those of grace, for whoever had shown who she is before; zero: nobody's any more.
		const left = minutes > 0 ? minutes : -rest;
		if (minutes > FROM_MINUTES || left === shown) return;
		place.hidden = false;
		text.textContent =
			left > 0
				? page.words.count("closing", left)
				: rest > 0
					? page.words.count("grace", rest)
					: page.words.say("ended");
		if (SAID_AT.has(Math.abs(left)) || left === 0 || (left < 0 && !(shown < 0))) page.say(text.textContent);
		shown = left;
		if (left === 0) window.clearInterval(timer);
	};
	const timer = window.setInterval(tick, 1000);
	tick();
}
