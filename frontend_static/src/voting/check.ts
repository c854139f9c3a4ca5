// The check page: looks into a sealed ballot that another device has opened. Everything is calculated here.
import { b64u } from "../crypto/bytes";
import { type Ballot, type Format, type Limits, type Shape, shapeOf } from "../crypto/payload";
import { projectsOf, valueIn } from "./choice";
import { grouped } from "./grouped";
import type { VotingPage } from "./page";
import type { lookInto } from "./tasks";

/** A text by language. */
type Texts = { [language: string]: string };

export interface Contest {
	id: string;
	titles: Texts;
	fmt: Format;
	limits: Limits;
	projects: { titles: Texts; cost: number }[];
}

/** Where the page gets what it needs: over the network and in a worker, or out of the one file that it is. */
export interface Source {
	contests: () => Promise<Contest[]>;
	look: (given: Parameters<typeof lookInto>[0]) => Promise<ReturnType<typeof lookInto>>;
}

export function checkBallot(page: VotingPage, source: Source): void {
	const file = page.part<HTMLInputElement>("[data-opening-file]");
	const text = page.part<HTMLTextAreaElement>("[data-opening-text]");
	file.addEventListener("change", async () => {
		const chosen = file.files?.[0];
		if (chosen) await look(page, source, { file: b64u(new Uint8Array(await chosen.arrayBuffer())) });
	});
	page.part("[data-look]").addEventListener("click", () => void lookAtText(page, source, text.value));
	const fromAddress = (): void => {
		const short = decodeURIComponent(location.hash.slice(1));
		if (!short.includes(".")) return;
		// Not to be found again in the history of this browser.
		history.replaceState(null, "", location.pathname + location.search);
		void look(page, source, { short });
	};
	window.addEventListener("hashchange", fromAddress);
	fromAddress();
}

/** What was pasted: the text of the code, or the whole address it stands in. */
function lookAtText(page: VotingPage, source: Source, typed: string): Promise<void> {
	const text = typed.trim().replace(/^.*#/, "");
	return text.startsWith("{")
		? look(page, source, { file: b64u(new TextEncoder().encode(text)) })
		: look(page, source, { short: text });
}

async function look(page: VotingPage, source: Source, given: { file?: string; short?: string }): Promise<void> {
	page.show("looking");
	const contests = await shapesOf(source).catch(() => undefined);
	try {
		if (contests === undefined) {
			page.show("unreachable");
			return;
		}
		const shapes = Object.fromEntries([...contests].map(([id, { shape }]) => [id, shape]));
		const found = await source.look({ election: { eid: page.eid, key: page.key }, shapes, ...given });
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

async function shapesOf(source: Source): Promise<Map<string, { contest: Contest; shape: Shape }>> {
	const contests = await source.contests();
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
