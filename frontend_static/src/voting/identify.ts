// Who votes, where no account says it: the code of a letter becomes keys here, or a provider vouches for a key of ours.
import { tell } from "./api";
import type { VotingPage } from "./page";
import { ask } from "./sealing";

export function identify(page: VotingPage): void {
	for (const kept of page.parts("[data-chosen-only]")) kept.hidden = page.device.chosen().length === 0;
	const form = page.element.querySelector<HTMLFormElement>("[data-code-form]");
	if (form) new CodeForm(page, form).begin();
	const desk = page.element.querySelector<HTMLFormElement>("[data-desk-form]");
	desk?.addEventListener("submit", (event) => {
		event.preventDefault();
		void useDeskCode(page);
	});
	for (const road of page.parts<HTMLButtonElement>("[data-road]"))
		road.addEventListener("click", () => void leaveFor(page, road));
}

class CodeForm {
	#isBusy = false;
	readonly #field: HTMLInputElement;

	constructor(
		private readonly page: VotingPage,
		private readonly form: HTMLFormElement,
	) {
		this.#field = page.part<HTMLInputElement>("[data-letter-code]");
	}

	begin(): void {
		this.form.addEventListener("submit", (event) => {
			event.preventDefault(); // the code goes nowhere
			void this.#use();
		});
		// A scanned letter: the code stands behind the #, and is taken out of the address before anything else.
		const scanned = location.hash.slice(1);
		if (scanned === "") return;
		history.replaceState(null, "", location.pathname + location.search);
		try {
			this.#field.value = decodeURIComponent(scanned);
		} catch {
			return; // not an address of ours
		}
		void this.#use();
	}

	async #use(): Promise<void> {
		if (this.#isBusy) return;
		this.#isBusy = true;
		const error = this.page.part("[data-code-error]");
		error.hidden = true; // what is said of the code before must not seem to be said of this one
		try {
			const failed = await this.#tried();
			if (failed === undefined) return;
			error.textContent = this.page.words.say(`code.${failed}`);
			error.hidden = false;
			this.#field.setAttribute("aria-invalid", "true");
			this.#field.focus();
		} finally {
			this.#isBusy = false;
		}
	}

	/** Why the code opens nothing; undefined when the page is left. */
	async #tried(): Promise<string | undefined> {
		const { page } = this;
		const { origin = "", groups = "" } = this.form.dataset;
		const given = { typed: this.#field.value, origin, groups: groups.split(" ").filter(Boolean) };
		let keys: Awaited<ReturnType<typeof ask<"code">>>;
		try {
			keys = await ask("code", given);
		} catch (error) {
			return error instanceof Error && error.message === "symbol" ? "symbol" : "form";
		}
		const named = Object.fromEntries(Object.entries(keys).map(([group, { key }]) => [group, key]));
		const answer = await tell(page.round, "code", { keys: named }, page.element.dataset.csrf ?? "");
		if (answer === undefined) return "failed";
		if (!answer.ok) return answer.type === "tries" ? "tries" : answer.type === "code" ? "unknown" : "failed";
		page.device.keepSeeds(Object.values(keys));
		this.#field.value = "";
		location.assign(onward(page));
		return undefined;
	}
}

/** The code of a desk says to the server who votes; two officers have looked the person up. */
async function useDeskCode(page: VotingPage): Promise<void> {
	const field = page.part<HTMLInputElement>("[data-desk-code]");
	const answer = await tell(page.round, "desk", { code: field.value }, page.element.dataset.csrf ?? "");
	if (answer?.ok) {
		page.device.keepSeeds([]);
		return location.assign(onward(page));
	}
	const error = page.part("[data-desk-error]");
	const type = answer === undefined ? "failed" : answer.type === "tries" ? "tries" : "desk";
	error.textContent = page.words.say(`code.${type}`);
	error.hidden = false;
	field.setAttribute("aria-invalid", "true");
	field.focus();
}

/** Leave for a provider: the nonce of the sign-in binds its answer to a key that only this window has. */
async function leaveFor(page: VotingPage, road: HTMLButtonElement): Promise<void> {
	road.setAttribute("aria-disabled", "true");
	const session = await ask("session", undefined as never).catch(() => undefined);
	const answer =
		session &&
		(await tell(
			page.round,
			"sign-in",
			{
				provider: road.dataset.road,
				p: session.key,
				o: session.blind,
				lang: document.documentElement.lang,
				contest: page.contest,
			},
			page.element.dataset.csrf ?? "",
		));
	road.removeAttribute("aria-disabled");
	if (session && answer?.ok && typeof answer.body.address === "string") {
		page.device.keepSeeds([session]);
		location.assign(answer.body.address);
		return;
	}
	const failed = page.part("[data-road-error]");
	failed.hidden = false;
	failed.focus();
}

const onward = (page: VotingPage): string => page.part("[data-onward]").dataset.onward ?? "";
