// The bar of the page: filled is used, hatched is left. The same bar as in the result.

import type { Ballot, Shape } from "../crypto/payload";
import { measure, parts } from "./choice";
import type { Words } from "./words";

const SVG = "http://www.w3.org/2000/svg";

/** Draw a ballot into the page's meter, with the same in words for who does not see it. */
export function drawBar(meter: HTMLElement, ballot: Ballot, shape: Shape, words: Words): void {
	const { kind, used, whole } = measure(ballot, shape);
	const drawing = meter.querySelector("svg");
	meter.setAttribute("aria-valuemax", String(whole));
	meter.setAttribute("aria-valuenow", String(used));
	meter.setAttribute("aria-valuetext", usedInWords(kind, used, whole, words));
	for (const old of drawing?.querySelectorAll(":scope > rect") ?? []) old.remove();
	let at = 0;
	const rect = (part: number, name: string, fill = ""): void => {
		const drawn = document.createElementNS(SVG, "rect");
		const [x, width] = [(100 * at) / whole, (100 * part) / whole];
		for (const [key, value] of Object.entries({ x: `${x}%`, width: `${width}%`, height: "100%", class: name }))
			drawn.setAttribute(key, value);
		if (fill) drawn.setAttribute("fill", fill);
		drawing?.append(drawn);
		at += part;
	};
	const gaps: number[] = [];
	for (const [place, part] of parts(ballot, shape).entries()) {
		rect(part, place % 2 ? "used-odd" : "used");
		gaps.push((100 * at) / whole);
	}
	if (at < whole) rect(whole - at, "rest", "url(#hatch)");
	for (const x of gaps.filter((x) => x < 100)) {
		const gap = document.createElementNS(SVG, "rect");
		for (const [key, value] of Object.entries({ x: `${x}%`, width: "2", height: "100%", class: "gap" }))
			gap.setAttribute(key, value);
		drawing?.append(gap);
	}
}

/** "Used 221,000 € of 260,000 €", or the same of points or projects. */
export function usedInWords(kind: string, used: number, whole: number, words: Words): string {
	const show = kind === "cost" ? words.money(used) : words.number(used);
	return words.say(`used.${kind}`, { used: show, whole: kind === "cost" ? words.money(whole) : words.number(whole) });
}
