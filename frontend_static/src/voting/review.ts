// The review: what was chosen, once more, before it is sealed. Nothing is sent here.
import type { Ballot, Shape } from "../crypto/payload";
import { type Standing, standings } from "./api";
import { drawBar } from "./bar";
import { costOf, lacking, measure, move, pointsOf, projectsOf, restored, valueIn, without } from "./choice";
import type { VotingPage } from "./page";
import { ask } from "./sealing";
import type { Signer } from "./tasks";

export function review(page: VotingPage): void {
	if (page.shape) new Review(page, page.shape).begin();
}

class Review {
	#ballot: Ballot;
	#busy = false;

	constructor(
		private readonly page: VotingPage,
		private readonly shape: Shape,
	) {
		this.#ballot = restored(page.device.choice(page.contest), shape);
	}

	begin(): void {
		this.page.element.addEventListener("click", (event) => {
			const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-act]") : null;
			const row = button?.closest<HTMLElement>("[data-project]");
			if (button && row) this.#act(button, row);
		});
		this.page.element.querySelector("[data-seal]")?.addEventListener("click", () => void this.#seal());
		this.#show();
	}

	#act(button: HTMLElement, row: HTMLElement): void {
		const project = Number(row.dataset.project);
		if (button.dataset.act === "remove") {
			const chosen = projectsOf(this.#ballot);
			const at = chosen.indexOf(project);
			this.#ballot = without(this.#ballot, project);
			this.#keep();
			const next = chosen[at + 1] ?? chosen[at - 1];
			const focus = next === undefined ? "[data-change]" : `[data-project="${next}"] [data-act=remove]`;
			this.page.element.querySelector<HTMLElement>(focus)?.focus();
			this.page.say(`${this.page.words.say("removed")} ${this.page.words.count("projects", this.#ballot.length)}`);
			return;
		}
		this.#ballot = move(this.#ballot, project, button.dataset.act === "up" ? -1 : 1);
		this.#keep();
		button.focus();
		this.page.say(this.page.words.say("place", { place: projectsOf(this.#ballot).indexOf(project) + 1 }));
	}

	#keep(): void {
		const { device, contest } = this.page;
		if (this.#ballot.length === 0) device.forgetChoice(contest);
		else device.choose(contest, this.#ballot);
		this.#show();
	}

	#show(): void {
		const { page, shape } = this;
		const { words } = page;
		const chosen = projectsOf(this.#ballot);
		const list = page.part("[data-chosen-list]");
		for (const row of page.parts("[data-project]")) {
			const at = chosen.indexOf(Number(row.dataset.project));
			row.hidden = at < 0;
			if (at < 0) continue;
			const value = valueIn(this.#ballot, Number(row.dataset.project));
			const shown = row.querySelector("[data-value]");
			if (shown && value !== undefined) shown.textContent = words.count(`value.${shape.fmt}`, value);
			const place = row.querySelector("[data-place]");
			if (place) place.textContent = words.number(at + 1);
			row.querySelector("[data-act=up]")?.toggleAttribute("hidden", at === 0);
			row.querySelector("[data-act=down]")?.toggleAttribute("hidden", at === chosen.length - 1);
		}
		const rows = new Map(page.parts("[data-project]").map((row) => [Number(row.dataset.project), row]));
		const before = chosen.map((project) => rows.get(project)).filter((row) => row !== undefined);
		const focused = document.activeElement;
		list.append(...before);
		if (focused instanceof HTMLElement && focused !== document.activeElement) focused.focus();
		page.part("[data-count]").textContent = words.count("chosen", chosen.length);
		const total = page.element.querySelector<HTMLElement>("[data-total]");
		if (total)
			total.textContent =
				shape.fmt === "points" ? words.number(pointsOf(this.#ballot)) : words.money(costOf(this.#ballot, shape));
		page.part("[data-total-row]").hidden = chosen.length === 0;
		this.#showRest();
	}

	#showRest(): void {
		const { page, shape } = this;
		const { kind, used, whole } = measure(this.#ballot, shape);
		drawBar(page.part("[data-meter]"), this.#ballot, shape, page.words);
		const left = kind === "cost" ? page.words.money(whole - used) : page.words.number(whole - used);
		const all = kind === "cost" ? page.words.money(whole) : page.words.number(whole);
		page.part("[data-rest]").textContent = page.words.say(used === whole ? `full.${kind}` : `rest.${kind}`, {
			left,
			whole: all,
		});
		const lack = lacking(this.#ballot, shape)[0];
		if (!page.element.querySelector("[data-seal]")) return;
		page.show(lack ? "lack" : this.#ballot.length === 0 ? "empty" : "ready");
		if (!lack) return;
		const amount = lack.limit === "costmin" ? page.words.money(lack.least) : page.words.number(lack.least);
		page.part("[data-lack]").textContent =
			lack.limit === "kmin"
				? page.words.count("lack.kmin", lack.least)
				: page.words.say(`lack.${lack.limit}`, { amount });
	}

	/** Seal what was chosen, keep it in this window, and go on to where it can be checked or cast. */
	async #seal(): Promise<void> {
		const { page, shape } = this;
		if (this.#busy || lacking(this.#ballot, shape).length > 0) return;
		this.#busy = true;
		page.part("[data-seal]").setAttribute("aria-disabled", "true");
		page.part("[data-failed]").hidden = true;
		page.say(page.words.say("sealing"));
		try {
			const mine = await standings(page.round);
			if (mine === undefined) return location.reload(); // signed out meanwhile: the server shows the way
			const standing = mine.find((one) => one.contests.includes(page.contest));
			if (standing === undefined) return location.reload();
			const signer = signerOf(page, standing);
			if (signer === "unknown") return location.assign(page.address("/identify"));
			const made = await ask("seal", {
				election: { eid: page.eid, key: page.key },
				contest: page.contest,
				shape,
				ballot: this.#ballot,
				alias: standing.alias,
				base: standing.base,
				signer,
			});
			const { eid, contest } = page;
			const by = signer && { cls: signer.cls, key: signer.key, h: signer.h };
			page.device.sealed = { eid, contest, ballot: this.#ballot, ...made, state: "sealed", again: false, signer: by };
			location.assign(page.address("/cast"));
		} catch {
			const failed = page.part("[data-failed]");
			failed.hidden = false;
			failed.focus();
		} finally {
			this.#busy = false;
			page.part("[data-seal]").removeAttribute("aria-disabled");
		}
	}
}

/** The voter's own key for a standing: none where an account is enough or officers sign, "unknown" where this window does not have it. */
function signerOf(page: VotingPage, standing: Standing): Signer | undefined | "unknown" {
	const { cls, key, h } = standing;
	if (cls === "acct" || cls === "desk") return undefined;
	const seed = key && page.device.seedOf(key);
	return key && seed ? { cls, key, seed, ...(h === undefined ? {} : { h }) } : "unknown";
}
