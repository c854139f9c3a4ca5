/** Give focus to the error summary, so that it is read first. */
export function focusErrorSummary(): void {
	document.querySelector<HTMLElement>("[data-focus]")?.focus();
}
