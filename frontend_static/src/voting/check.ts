// The check page: looks into a sealed ballot that another device has opened. Everything is calculated here.
import { b64u } from "../crypto/bytes";
import { type Ballot, type Format, type Limits, type Shape, shapeOf } from "../crypto/payload";
import { grouped } from "./cast";
import { projectsOf, valueIn } from "./choice";
import type { VotingPage } from "./page";
import { ask } from "./sealing";

/** A text by language. */
type Texts = { [language: string]: string };

interface Contest {
	id: string;
	titles: Texts;
	fmt: Format;
	limits: Limits;
	projects: { titles: Texts; cost: number }[];
}

export function checkBallot(page: VotingPage): void {
	const file = page.part<HTMLInputElement>("[data-opening-file]");
	const text = page.part<HTMLTextAreaElement>("[data-opening-text]");
	file.addEventListener("change", async () => {
		const chosen = file.files?.[0];
		if (chosen) await look(page, { file: b64u(new Uint8Array(await chosen.arrayBuffer())) });
	});
	page.part("[data-look]").addEventListener("click", () => void lookAtText(page, text.value));
	const fromAddress = (): void => {
		const short = decodeURIComponent(location.hash.slice(1));
		if (!short.includes(".")) return;
		// Not to be found again in the history of this browser.
		history.replaceState(null, "", location.pathname + location.search);
		void look(page, { short });
	};
	window.addEventListener("hashchange", fromAddress);
	fromAddress();
}

/** What was pasted: the text of the code, or the whole address it stands in. */
function lookAtText(page: VotingPage, typed: string): Promise<void> {
	const text = typed.trim().replace(/^.*#/, "");
	return text.startsWith("{")
		? look(page, { file: b64u(new TextEncoder().encode(text)) })
		: look(page, { short: text });
}

async function look(page: VotingPage, given: { file?: string; short?: string }): Promise<void> {
	page.show("looking");
	const contests = await contestsOf(page).catch(() => undefined);
	try {
		if (contests === undefined) {
			page.show("unreachable");
			return;
		}
		const shapes = Object.fromEntries([...contests].map(([id, { shape }]) => [id, shape]));
		const found = await ask("look", { election: { eid: page.eid, key: page.key }, shapes, ...given });
		const contest = contests.get(found.contest)?.contest;
		if (contest === undefined) throw new Error("of no contest");
		showChoices(page, contest, found.ballot);
		for (const place of page.parts("[data-code]")) place.textContent = grouped(found.code);
		page.show(found.ballot.length === 0 ? "blank" : "found", "either");
	} catch {
		page.show("wrong");
	}
	page.part("[data-result]").focus();
}

async function contestsOf(page: VotingPage): Promise<Map<string, { contest: Contest; shape: Shape }>> {
	const answer = await fetch(`/api/v1/rounds/${page.round}/booth`);
	if (!answer.ok) throw new Error("the contests cannot be had");
	const { contests } = (await answer.json()) as { contests: Contest[] };
	return new Map(
		contests.map((contest) => {
			const costs = contest.projects.map(({ cost }) => cost);
			return [contest.id, { contest, shape: shapeOf(contest.fmt, contest.limits, costs) }];
		}),
	);
}

function showChoices(page: VotingPage, contest: Contest, ballot: Ballot): void {
	setText(page.part("[data-contest-title]"), contest.titles);
	const list = page.part("[data-choices]");
	const row = page.part<HTMLTemplateElement>("template[data-choice]");
	list.replaceChildren(
		...projectsOf(ballot).map((project, at) => {
			const drawn = row.content.cloneNode(true) as DocumentFragment;
			const { titles, cost } = contest.projects[project] ?? { titles: {}, cost: 0 };
			const [title, price] = [drawn.querySelector<HTMLElement>("[data-title]"), drawn.querySelector("[data-price]")];
			if (title) setText(title, titles);
			const value = valueIn(ballot, project);
			if (price)
				price.textContent =
					value === undefined ? page.words.money(cost) : page.words.count(`value.${contest.fmt}`, value);
			const place = drawn.querySelector("[data-place]");
			if (place) place.textContent = page.words.number(at + 1);
			return drawn;
		}),
	);
}

/** A text in the reader's language, else in the first there is, marked as such. */
function setText(element: HTMLElement, texts: Texts): void {
	const own = document.documentElement.lang;
	const language = own in texts ? own : (Object.keys(texts)[0] ?? own);
	element.lang = language;
	element.textContent = texts[language] ?? "";
}
