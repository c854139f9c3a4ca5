/**
 * <key-maker data-account data-statement data-enrolled>   around a form with the hidden field `proof`: makes a key on
 *     this device, signs the statement with it, and sends the form.
 * <sign-button data-account data-entry data-keys>         around a form with the hidden fields `key` and `signature`:
 *     shows the entry in words, signs it with one of the keys that may, and sends the form; not where the form is sent
 *     by its button `data-from-file`, with a signature that was made elsewhere.
 * <key-place data-account data-key>                       says whether a key is in this browser.
 *
 * What stands in the markup for a case (`data-when="unable"`, "nokey", "ready", "failed", "here", "elsewhere") is shown
 * in that case alone, so that every word is the server's, in the reader's language.
 */

import { canonical, type Fields, fieldsOf, message, type Value } from "./canonical";
import { canSign, type DeviceKey, dropKey, keysOf, makeKey, sign } from "./keys";

abstract class Island extends HTMLElement {
	connectedCallback(): void {
		this.begin().catch(() => this.show("failed"));
	}

	protected abstract begin(): Promise<void>;

	/** Show what the page has for a case, and nothing of the other cases. */
	protected show(...cases: string[]): void {
		for (const part of this.querySelectorAll<HTMLElement>("[data-when]")) {
			part.hidden = !cases.includes(part.dataset.when ?? "");
			if (part.dataset.when === "failed" && !part.hidden) part.focus();
		}
	}

	protected keys(): Promise<DeviceKey[]> {
		return keysOf(this.dataset.account ?? "");
	}

	/** Before the form is sent, do something that takes a moment; the form is not sent if it fails. */
	protected beforeSending(work: (form: HTMLFormElement) => Promise<void>): void {
		const form = this.querySelector("form");
		form?.addEventListener("submit", (event) => {
			if (event.submitter?.hasAttribute("data-from-file")) return;
			event.preventDefault();
			work(form)
				.then(() => form.submit())
				.catch(() => this.show("ready", "failed"));
		});
	}
}

class KeyMaker extends Island {
	protected async begin(): Promise<void> {
		if (!(await canSign())) return this.show("unable");
		this.show("ready");
		this.beforeSending(async (form) => {
			// A key that was made and never got to the server, because the form had an error, is used now.
			const enrolled = (this.dataset.enrolled ?? "").split(" ");
			const waiting = (await this.keys()).find((key) => !enrolled.includes(key.id));
			const key = waiting ?? (await makeKey(this.dataset.account ?? ""));
			const statement = { ...fieldsOf(this.dataset.statement ?? ""), pk: key.id };
			const signature = await sign(key, message(statement));
			field(form, "proof").value = canonical({ ...statement, sg: [["p", signature]] });
		});
	}
}

class SignButton extends Island {
	protected async begin(): Promise<void> {
		const entry = fieldsOf(this.dataset.entry ?? "");
		await this.tell(entry);
		if (!(await canSign())) return this.show("unable");
		const allowed = (this.dataset.keys ?? "").split(" ");
		const key = (await this.keys()).find((found) => allowed.includes(found.id));
		if (!key) return this.show("nokey");
		this.show("ready");
		this.beforeSending(async (form) => {
			field(form, "key").value = key.id;
			field(form, "signature").value = await sign(key, message(entry));
		});
	}

	/** Write out what will be signed, from the very object whose bytes are signed. */
	private async tell(entry: Fields): Promise<void> {
		const list = this.querySelector("dl");
		const words: Fields = JSON.parse(this.dataset.words ?? "{}");
		for (const [name, value] of Object.entries(entry)) {
			const row = document.createElement("div");
			const term = document.createElement("dt");
			const description = document.createElement("dd");
			term.textContent = String(words[name] ?? name);
			description.textContent = this.told(name, value, words);
			row.append(term, description);
			list?.append(row);
		}
		const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", message(entry)));
		const digits = [...hash.slice(0, 16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
		const fingerprint = this.querySelector("[data-fingerprint]");
		if (fingerprint) fingerprint.textContent = (digits.match(/.{4}/g) ?? []).join(" ");
	}

	private told(name: string, value: Value, words: Fields): string {
		if (name === "k") return String(words[`k ${String(value)}`] ?? value);
		if (["t", "ts", "closes"].includes(name) && typeof value === "number") {
			return new Date(value * 1000).toLocaleString(document.documentElement.lang, { timeZoneName: "short" });
		}
		return inLines(value, words);
	}
}

/** A value as people read it: a line for each member of a list, names of fields in words. It is signed as it stands. */
function inLines(value: Value, words: Fields): string {
	if (typeof value === "boolean") return String(words[String(value)] ?? value);
	if (typeof value !== "object") return String(value);
	if (!Array.isArray(value)) {
		const named = (name: string): string => String(words[`in ${name}`] ?? words[name] ?? name);
		const told = (name: string): string => `${named(name)}: ${inLines(value[name] ?? "", words)}`;
		return Object.keys(value).map(told).join("\n");
	}
	const isPair = value.length === 2 && value.every((one) => typeof one !== "object");
	const isList = value.some((one) => typeof one === "object" && !Array.isArray(one));
	return value.map((one) => inLines(one, words)).join(isPair ? ": " : isList ? "\n\n" : "\n");
}

class KeyPlace extends Island {
	protected async begin(): Promise<void> {
		const here = (await this.keys()).find((key) => key.id === this.dataset.key);
		// A key that the service no longer takes is of no use on this device either.
		if (here && this.dataset.revoked === "yes") await dropKey(here.id);
		this.show(here && this.dataset.revoked !== "yes" ? "here" : "elsewhere");
	}
}

function field(form: HTMLFormElement, name: string): HTMLInputElement {
	const found = form.elements.namedItem(name);
	if (!(found instanceof HTMLInputElement)) throw new Error(`the form has no field ${name}`);
	return found;
}

customElements.define("key-maker", KeyMaker);
customElements.define("sign-button", SignButton);
customElements.define("key-place", KeyPlace);
