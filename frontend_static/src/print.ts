/** Show the print button, which the server sends hidden because it needs this script, and open what is folded. */
export function offerPrinting(): void {
	const button = document.querySelector<HTMLButtonElement>("button[data-print]");
	if (!button) return;
	button.hidden = false;
	button.addEventListener("click", () => window.print());
	// Paper cannot unfold. What was closed is closed again afterwards.
	let opened: HTMLDetailsElement[] = [];
	window.addEventListener("beforeprint", () => {
		opened = [...document.querySelectorAll<HTMLDetailsElement>("main details:not([open])")];
		for (const details of opened) details.open = true;
	});
	window.addEventListener("afterprint", () => {
		for (const details of opened) details.open = false;
	});
}
