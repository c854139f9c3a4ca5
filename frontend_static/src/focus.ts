/** Give focus to the error summary, so that it is read first; not to somebody who has begun elsewhere meanwhile. */
export function focusErrorSummary(): void {
	if (document.activeElement !== document.body) return;
	document.querySelector<HTMLElement>("[data-focus]")?.focus();
}
