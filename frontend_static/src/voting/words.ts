// The words of a page, which the server wrote in the reader's language, and numbers as that language writes them.

/** Between thousands in Finnish and Swedish; before a unit in all three languages. */
const [NARROW, NO_BREAK] = ["\u202f", "\u00a0"];

export class Words {
	readonly #texts = new Map<string, string>();
	readonly #isEnglish: boolean;
	readonly #unit: number;
	readonly #currency: string;

	/** Read from `<template data-words>`, whose elements have a name in `data-word`; the page tells money's unit. */
	constructor(page: HTMLElement) {
		for (const text of page.querySelector<HTMLTemplateElement>("template[data-words]")?.content.children ?? [])
			if (text instanceof HTMLElement) this.#texts.set(text.dataset.word ?? "", (text.textContent ?? "").trim());
		this.#isEnglish = document.documentElement.lang === "en";
		this.#unit = Number(page.dataset.unit ?? 100);
		this.#currency = page.dataset.currency ?? "";
	}

	/** The text of a name with its values set in. A name that the page lacks is a fault of ours, and throws. */
	say(name: string, values: { [key: string]: string | number } = {}): string {
		const text = this.#texts.get(name);
		if (text === undefined) throw new Error(`the page has no words for ${name}`);
		return text.replace(/\{(\w+)\}/g, (whole, key: string) => {
			const value = values[key];
			return typeof value === "number" ? this.number(value) : (value ?? whole);
		});
	}

	/** A text that has a singular and a plural: `name.1` and `name.2`; `{count}` is the number. */
	count(name: string, count: number, values: { [key: string]: string | number } = {}): string {
		return this.say(`${name}.${count === 1 ? 1 : 2}`, { count, ...values });
	}

	number(value: number): string {
		return String(value).replace(/\B(?=(\d{3})+$)/g, this.#isEnglish ? "," : NARROW);
	}

	/** An amount of minor units; without cents when there are none. */
	money(amount: number): string {
		const whole = Math.floor(amount / this.#unit);
		const places = String(this.#unit).length - 1;
		const rest = amount % this.#unit;
		const cents = rest === 0 ? "" : `${this.#isEnglish ? "." : ","}${String(rest).padStart(places, "0")}`;
		return `${this.number(whole)}${cents}${NO_BREAK}${this.#currency}`;
	}
}
