// QR codes, drawn on the device: what they hold is nobody else's business.

/** Codes of more signs have modules too small for a phone's camera from the screen of another. */
export const MOST_SIGNS = 900;

const SVG = "http://www.w3.org/2000/svg";

/** Draw a text as a QR code into an element that says in words what it is. */
export async function drawCode(place: HTMLElement, text: string): Promise<void> {
	const { encodeQR } = await import("qr");
	const modules = encodeQR(text, "raw", { ecc: text.length > 300 ? "low" : "medium", border: 4 });
	const drawing = document.createElementNS(SVG, "svg");
	drawing.setAttribute("viewBox", `0 0 ${modules.length} ${modules.length}`);
	drawing.setAttribute("aria-hidden", "true");
	drawing.setAttribute("shape-rendering", "crispEdges");
	const path = document.createElementNS(SVG, "path");
	path.setAttribute(
		"d",
		modules.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join(""),
	);
	drawing.append(path);
	place.replaceChildren(drawing);
}
