// From 30 minutes before closing the page says how long is left: shown all the time, said aloud now and then.
import type { VotingPage } from "./page";

const FROM_MINUTES = 30;
const SAID_AT = new Set([30, 20, 15, 10, 5, 4, 3, 2, 1]);

export function countDown(page: VotingPage): void {
	const place = page.element.querySelector<HTMLElement>("[data-countdown]");
	const closes = Number(page.element.dataset.closes) * 1000;
	if (!place || !closes || page.element.dataset.state !== "open") return;
	const text = place.querySelector<HTMLElement>("[data-countdown-text]") ?? place;
	let said = Number.POSITIVE_INFINITY;
	const tick = (): void => {
		const minutes = Math.ceil((closes - page.now()) / 60_000);
		if (minutes > FROM_MINUTES || minutes === said) return;
		place.hidden = false;
		text.textContent = minutes > 0 ? page.words.count("closing", minutes) : page.words.say("closed");
		if (SAID_AT.has(minutes) || minutes <= 0) page.say(text.textContent ?? "");
		said = Math.max(minutes, 0);
		if (minutes <= 0) window.clearInterval(timer);
	};
	const timer = window.setInterval(tick, 1000);
	tick();
}
