/** "Show the other 46": the button goes once it has done its work, and focus moves to the first thing it showed. */
export function unfoldInPlace(): void {
	for (const summary of document.querySelectorAll<HTMLElement>("details.fold > summary.button")) {
		summary.addEventListener("click", (event) => {
			const details = summary.parentElement;
			if (!(details instanceof HTMLDetailsElement) || details.open) return;
			event.preventDefault();
			details.open = true;
			summary.hidden = true;
			details.querySelector<HTMLElement>("a, button, [tabindex]")?.focus();
		});
	}
}
