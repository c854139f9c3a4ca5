// What every page of the vote has in common: its election and contest, its words, the device, the clock, what is said.
import { type Format, type Limits, type Shape, shapeOf } from "../crypto/payload";
import { Device } from "./device";
import { Words } from "./words";

/** How long the live region waits, so that several actions in a row are said once. */
const SAID_AFTER_MS = 500;
/** A clock this near to the server's is right; the page may have been kept by a cache for as long. */
const CLOCKS_DIFFER_MS = 120_000;

export class VotingPage {
	readonly round: string;
	readonly eid: string;
	readonly key: string;
	readonly log: string;
	/** The verifier keys of the witnesses that the manifest names. */
	readonly witnesses: string[];
	readonly words: Words;
	readonly device: Device;
	readonly contest: string;
	readonly shape: Shape | undefined;
	/** What the kinds of projects are called that have limits of their own, in the order of the shape's limits. */
	readonly categories: string[];
	readonly #offset: number;
	#saying = 0;

	constructor(readonly element: HTMLElement) {
		const data = element.dataset;
		const differs = Number(data.now) * 1000 - Date.now();
		this.#offset = Math.abs(differs) < CLOCKS_DIFFER_MS ? 0 : differs;
		this.round = data.round ?? "";
		this.eid = data.eid ?? "";
		this.key = data.key ?? "";
		this.log = data.log ?? "";
		this.witnesses = (data.witnesses ?? "").split(" ").filter(Boolean);
		this.words = new Words(element);
		this.device = new Device(this.round, this.eid);
		this.contest = data.contest ?? "";
		this.categories = JSON.parse(data.categories ?? "[]") as string[];
		if (data.shape) {
			const shape = JSON.parse(data.shape) as { fmt: Format; limits: Limits; costs: number[] };
			this.shape = shapeOf(shape.fmt, shape.limits, shape.costs);
		}
	}

	/** The one element that a selector names; its lack is a fault of ours, and throws. */
	part<T extends HTMLElement = HTMLElement>(selector: string): T {
		const found = this.element.querySelector<T>(selector);
		if (found === null) throw new Error(`the page has no ${selector}`);
		return found;
	}

	parts<T extends HTMLElement = HTMLElement>(selector: string): T[] {
		return [...this.element.querySelectorAll<T>(selector)];
	}

	/** Show what the page has for these cases (`data-when`), and nothing of the other cases. */
	show(...cases: string[]): void {
		for (const part of this.parts("[data-when]")) part.hidden = !cases.includes(part.dataset.when ?? "");
	}

	/** Say something in the polite live region, once for a burst of actions. */
	say(text: string): void {
		const region = this.part("[data-said]");
		window.clearTimeout(this.#saying);
		this.#saying = window.setTimeout(() => {
			region.textContent = text;
		}, SAID_AFTER_MS);
	}

	/** Now by the server's clock, in milliseconds. */
	now(): number {
		return Date.now() + this.#offset;
	}

	/** The address of another page of this vote; `contest` goes along. */
	address(step: string): string {
		const base = this.element.dataset.base ?? "";
		return `${base}${step}${this.contest ? `?contest=${encodeURIComponent(this.contest)}` : ""}`;
	}
}
