/** A corner as people write it: latitude, then longitude, in degrees. */
interface Corner {
	latitude: number;
	longitude: number;
}

const CORNER = /^\s*(-?\d{1,2}(?:[.,]\d+)?)(?:\s*[;,]\s*|\s+)(-?\d{1,3}(?:[.,]\d+)?)\s*$/;
const SVG = "http://www.w3.org/2000/svg";

/**
 * Draw the border of a district, or the place of a proposal (`data-kind` names the choice of a point, a line or an
 * area): a press on the map writes a corner into the field, and what stands in the field is drawn on the map. The field
 * is what counts and what is sent; it works without this, and by keyboard.
 */
class BorderMap extends HTMLElement {
	private field!: HTMLTextAreaElement;
	private picture!: SVGSVGElement;
	private drawing!: SVGGElement;
	private says!: HTMLElement;

	connectedCallback(): void {
		const field = document.getElementById(this.dataset.field ?? "");
		const picture = this.querySelector("svg");
		const drawing = this.querySelector<SVGGElement>("[data-drawing]");
		const says = this.querySelector<HTMLElement>("[data-says]");
		if (!(field instanceof HTMLTextAreaElement) || !picture || !drawing || !says) return;
		Object.assign(this, { field, picture, drawing, says });
		this.dataset.ready = "";
		field.addEventListener("input", () => this.draw());
		picture.addEventListener("click", (event) => this.add(event));
		const tools = this.querySelector<HTMLElement>("[data-tools]");
		if (tools) tools.hidden = false;
		this.querySelector("[data-undo]")?.addEventListener("click", () => this.removeLast());
		this.draw();
	}

	/** The kind of place that is chosen; a press on the map without a choice means a point. */
	private kind(): string {
		const name = this.dataset.kind;
		if (!name) return "area";
		const options = [...document.querySelectorAll<HTMLInputElement>(`[name="${name}"]`)];
		const chosen = options.find((option) => option.checked)?.value ?? "none";
		if (chosen !== "none") return chosen;
		const point = options.find((option) => option.value === "point");
		if (point) point.checked = true;
		return "point";
	}

	private add(event: MouseEvent): void {
		const box = this.picture.getBoundingClientRect();
		const { west, south, east, north } = this.edges();
		const longitude = west + ((event.clientX - box.left) / box.width) * (east - west);
		const latitude = north - ((event.clientY - box.top) / box.height) * (north - south);
		const line = `${latitude.toFixed(6)}, ${longitude.toFixed(6)}`;
		const before = this.kind() === "point" ? "" : this.field.value.replace(/[^\S\n]*\n?$/, "");
		this.field.value = before ? `${before}\n${line}` : line;
		this.draw();
		this.say(this.dataset.saidAdded, this.count());
	}

	private removeLast(): void {
		const number = this.count();
		if (!number) return;
		const lines = this.field.value.trimEnd().split("\n");
		lines.pop();
		this.field.value = lines.join("\n").trimEnd();
		this.draw();
		this.say(this.dataset.saidRemoved, number);
	}

	private count(): number {
		return this.parts().flat().length;
	}

	private say(sentence: string | undefined, number: number): void {
		this.says.textContent = (sentence ?? "").replace("#", String(number));
	}

	private edges(): { west: number; south: number; east: number; north: number } {
		const { west, south, east, north } = this.dataset;
		return { west: Number(west), south: Number(south), east: Number(east), north: Number(north) };
	}

	/** The corners in the field, a list for each part; lines that are no corner are left for the server to refuse. */
	private parts(): Corner[][] {
		const parts: Corner[][] = [[]];
		for (const line of this.field.value.split("\n")) {
			const found = CORNER.exec(line);
			if (found?.[1] && found[2]) {
				parts.at(-1)?.push({ latitude: number(found[1]), longitude: number(found[2]) });
			} else if (!line.trim()) parts.push([]);
		}
		return parts.filter((part) => part.length > 0);
	}

	private draw(): void {
		const { west, south, east, north } = this.edges();
		const { width, height } = this.picture.viewBox.baseVal;
		const shapes: SVGElement[] = [];
		const line = document.querySelector(`[name="${this.dataset.kind}"][value="line"]:checked`) !== null;
		for (const part of this.parts()) {
			const points = part.map(({ latitude, longitude }) => [
				((longitude - west) / (east - west)) * width,
				((north - latitude) / (north - south)) * height,
			]);
			const corners = points.map((point) => point.join(",")).join(" ");
			if (line) shapes.push(shape("polyline", { class: "drawn drawn-line", points: corners }));
			else shapes.push(shape("polygon", { class: "drawn", points: corners }));
			for (const [x, y] of points) shapes.push(shape("circle", { class: "corner", cx: x, cy: y, r: 6 }));
		}
		this.drawing.replaceChildren(...shapes);
	}
}

function number(text: string): number {
	return Number(text.replace(",", "."));
}

function shape(name: string, attributes: Record<string, string | number | undefined>): SVGElement {
	const made = document.createElementNS(SVG, name);
	for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
	return made;
}

customElements.define("border-map", BorderMap);

export {};
