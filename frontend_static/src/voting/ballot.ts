// The ballot: choosing, the sum of it, and what the limits say. Choices stay on the device.
import type { Ballot, Shape } from "../crypto/payload";
import { drawBar, usedInWords } from "./bar";
import {
	type CategoryUse,
	lacking,
	measure,
	move,
	projectsOf,
	put,
	type Refusal,
	refusal,
	restored,
	usedOfCategories,
	valueIn,
	without,
} from "./choice";
import { filterRows } from "./filters";
import type { VotingPage } from "./page";

export function fillBallot(page: VotingPage): void {
	const { shape } = page;
	if (shape === undefined) return;
	const rows = new Map(page.parts("[data-project]").map((row) => [Number(row.dataset.project), row]));
	const order = page.device.order(page.contest, shape.costs.length).map((project) => rows.get(project));
	page.part("[data-rows]").append(...order.filter((row) => row !== undefined));
	if (page.element.querySelector("[data-basket]")) new BallotPage(page, shape).begin(); // else there is no choosing now
	filterRows(page);
}

class BallotPage {
	#ballot: Ballot;

	constructor(
		private readonly page: VotingPage,
		private readonly shape: Shape,
	) {
		this.#ballot = restored(page.device.choice(page.contest), shape);
	}

	begin(): void {
		this.page.element.addEventListener("click", (event) => {
			const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-act]") : null;
			if (button) this.#act(button.dataset.act ?? "", projectOf(button));
		});
		this.page.element.addEventListener("change", (event) => {
			const field = event.target;
			if (field instanceof HTMLInputElement && field.dataset.points !== undefined) {
				const typed = readPoints(field);
				if (typed === undefined) this.#show();
				else this.#give(projectOf(field), typed);
			}
			if (field instanceof HTMLSelectElement && field.dataset.score !== undefined)
				this.#give(projectOf(field), field.value === "" ? undefined : Number(field.value));
		});
		this.page.part("[data-review]").addEventListener("click", (event) => {
			const lack = this.#lack();
			if (!lack) return;
			event.preventDefault();
			this.#complain(this.page.part("[data-lack]"), lack);
		});
		this.#show();
	}

	#act(act: string, project: number): void {
		const value = valueIn(this.#ballot, project) ?? 0;
		if (act === "more" || act === "less") this.#give(project, value + (act === "more" ? 1 : -1));
		else if (act === "up" || act === "down")
			this.#take(move(this.#ballot, project, act === "up" ? -1 : 1), "moved", project);
		else if (projectsOf(this.#ballot).includes(project)) this.#take(without(this.#ballot, project), "removed", project);
		else this.#try(put(this.#ballot, this.shape, project), "added", project);
	}

	/** Points or a score for a project; none takes it out of the ballot. */
	#give(project: number, value: number | undefined): void {
		const isNothing = value === undefined || (this.shape.fmt === "points" && value <= 0);
		if (isNothing) this.#take(without(this.#ballot, project), "removed", project);
		else this.#try(put(this.#ballot, this.shape, project, value), "given", project);
	}

	#try(next: Ballot, said: string, project: number): void {
		const refused = refusal(this.#ballot, next, this.shape, project);
		if (refused === undefined) {
			this.#take(next, said, project);
			return;
		}
		this.#show();
		const row = this.#row(project);
		if (row) this.#complain(row, refusedInWords(refused, this.page), "not-fit");
	}

	#take(next: Ballot, said: string, project: number): void {
		this.#ballot = next;
		this.page.device.choose(this.page.contest, next);
		if (next.length === 0) this.page.device.forgetChoice(this.page.contest);
		this.#show();
		const kinds = usedOfCategories(next, this.shape, project).map((use) => categoryInWords(use, this.page));
		this.page.say([this.#done(said, project), this.#standing(), ...kinds].join(" ").trim());
	}

	/** What was just done, in words. */
	#done(said: string, project: number): string {
		const { words } = this.page;
		if (said === "given") return words.count(`given.${this.shape.fmt}`, valueIn(this.#ballot, project) ?? 0);
		if (said === "moved" || (said === "added" && this.shape.fmt === "ordinal"))
			return words.say("place", { place: projectsOf(this.#ballot).indexOf(project) + 1 });
		return words.say(said);
	}

	/** How the ballot stands, in words: how many projects, and what is left. */
	#standing(): string {
		const { words } = this.page;
		const { kind, used, whole } = measure(this.#ballot, this.shape);
		const left = kind === "cost" ? words.money(whole - used) : words.number(whole - used);
		return words.count(`standing.${kind}`, this.#ballot.length, { left, whole });
	}

	#lack(): string {
		const lack = lacking(this.#ballot, this.shape)[0];
		if (lack === undefined) return "";
		const { words } = this.page;
		const amount = lack.limit === "costmin" ? words.money(lack.least) : words.number(lack.least);
		return lack.limit === "kmin" ? words.count("lack.kmin", lack.least) : words.say(`lack.${lack.limit}`, { amount });
	}

	/** A refusal is said at once, where it happened; focus stays where it is. */
	#complain(place: HTMLElement, text: string, kind = "lack"): void {
		this.#calm();
		const notice = this.page.part<HTMLTemplateElement>(`template[data-notice=${kind}]`).content.cloneNode(true);
		const alert = document.createElement("div");
		alert.setAttribute("role", "alert");
		alert.dataset.complaint = "";
		place.append(alert);
		alert.append(notice);
		const sentence = alert.querySelector("[data-sentence]");
		if (sentence) sentence.textContent = text;
	}

	#calm(): void {
		for (const old of this.page.parts("[data-complaint]")) old.remove();
	}

	#row(project: number): HTMLElement | undefined {
		return this.page.parts("[data-project]").find((row) => Number(row.dataset.project) === project);
	}

	#show(): void {
		this.#calm();
		const chosen = projectsOf(this.#ballot);
		for (const row of this.page.parts("[data-project]")) {
			const project = Number(row.dataset.project);
			const at = chosen.indexOf(project);
			row.classList.toggle("chosen", at >= 0);
			this.#showControls(row, project, at);
		}
		this.#showBasket();
	}

	#showControls(row: HTMLElement, project: number, at: number): void {
		const button = row.querySelector<HTMLElement>("[data-act=pick]");
		button?.setAttribute("aria-pressed", String(at >= 0));
		for (const part of row.querySelectorAll<HTMLElement>("[data-on]")) part.hidden = at < 0;
		for (const part of row.querySelectorAll<HTMLElement>("[data-off]")) part.hidden = at >= 0;
		const place = row.querySelector("[data-place]");
		if (place) place.textContent = at < 0 ? "" : this.page.words.number(at + 1);
		reachable(row.querySelector("[data-act=up]"), at > 0);
		reachable(row.querySelector("[data-act=down]"), at >= 0 && at < this.#ballot.length - 1);
		const value = valueIn(this.#ballot, project);
		const points = row.querySelector<HTMLInputElement>("[data-points]");
		if (points) points.value = String(value ?? 0);
		reachable(row.querySelector("[data-act=less]"), (value ?? 0) > 0);
		const score = row.querySelector<HTMLSelectElement>("[data-score]");
		if (score) score.value = value === undefined ? "" : String(value);
	}

	#showBasket(): void {
		const { page, shape } = this;
		const { kind, used, whole } = measure(this.#ballot, shape);
		const basket = page.part("[data-basket]");
		const part = (name: string): HTMLElement | null => basket.querySelector(`[data-${name}]`);
		set(part("count"), page.words.count("projects", this.#ballot.length));
		set(part("left"), kind === "cost" ? page.words.money(whole - used) : page.words.number(whole - used));
		set(part("used"), usedInWords(kind, used, whole, page.words));
		const meter = part("meter");
		if (meter) drawBar(meter, this.#ballot, shape, page.words);
		for (const place of basket.querySelectorAll<HTMLElement>("[data-kind]")) {
			const uses = usedOfCategories(this.#ballot, shape).filter((use) => use.category === Number(place.dataset.kind));
			set(place, uses.map((use) => categoryInWords(use, page)).join(" "));
		}
		const pending = part("pending");
		if (pending) pending.hidden = this.#ballot.length === 0;
		for (const link of page.parts("[data-chosen-only]")) link.hidden = this.#ballot.length === 0;
	}
}

/** A refusal in words: what is left, what this needs, and what is missing. It never names a project to remove. */
function refusedInWords({ limit, left, needs, category }: Refusal, page: VotingPage): string {
	const isMoney = limit === "cost" || limit === "catcost";
	const show = (value: number): string => (isMoney ? page.words.money(value) : page.words.number(value));
	const kind = page.categories[category ?? -1] ?? "";
	const amounts = { left: show(left), needs: show(needs), missing: show(needs - left) };
	return page.words.say(`refused.${limit}`, { ...amounts, kind });
}

/** How much of the limit of a category is used, in words. */
function categoryInWords({ category, kind, used, whole }: CategoryUse, page: VotingPage): string {
	const show = (value: number): string => (kind === "cost" ? page.words.money(value) : page.words.number(value));
	const values = { kind: page.categories[category] ?? "", used: show(used), whole: show(whole) };
	return page.words.say(`kind.${kind}`, values);
}

function projectOf(element: HTMLElement): number {
	return Number(element.closest<HTMLElement>("[data-project]")?.dataset.project);
}

/** What was typed as points: digits alone, nothing for none; undefined for anything else. */
function readPoints(field: HTMLInputElement): number | undefined {
	const text = field.value.trim() || "0";
	return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** A button that would do nothing stays where it is and can have focus, so that nobody loses her place. */
function reachable(button: Element | null, can: boolean): void {
	if (can) button?.removeAttribute("aria-disabled");
	else button?.setAttribute("aria-disabled", "true");
}

function set(element: Element | null, text: string): void {
	if (element) element.textContent = text;
}
