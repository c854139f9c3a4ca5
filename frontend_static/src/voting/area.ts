// Where somebody may vote: in each contest what is begun here, and for whoever is signed in what is cast and what is left.
import { type Standing, standings } from "./api";
import type { VotingPage } from "./page";

export async function showAreas(page: VotingPage): Promise<void> {
	const chosen = page.device.chosen();
	for (const kept of page.parts("[data-begun]")) kept.hidden = !chosen.includes(kept.dataset.begun ?? "");
	const mine = await standings(page.round).catch(() => undefined);
	if (mine === undefined) return; // nobody is signed in, or the server cannot be reached
	// Who is known to live in a district sees the others no more.
	const lives = mine.map(({ group }) => group).filter((group) => page.parts(`[data-home="${group}"]`).length > 0);
	for (const area of page.parts("[data-home]"))
		area.hidden = lives.length > 0 && !lives.includes(area.dataset.home ?? "");
	for (const { stands } of mine) {
		for (const mark of page.parts("[data-stands]"))
			if (mark.dataset.stands === `${stands.kind}:${stands.contest}`) mark.hidden = false;
	}
	// One may have votes beyond those in which one is known: with a letter, say, beside an account.
	const known = new Set(mine.flatMap(({ contests }) => contests));
	const rest = page.parts("[data-area]").filter((area) => !area.hidden && !known.has(area.dataset.area ?? ""));
	if (rest.length > 0) return;
	const left = mine.filter(isLeft).length;
	const told = page.part("[data-votes-left]");
	const { words } = page;
	told.textContent = left === 0 ? words.say("votes.none") : words.count("votes.left", left, { whole: mine.length });
	told.hidden = mine.length === 0;
}

const isLeft = ({ stands }: Standing): boolean => stands.kind === "none";
