/** Close the phone's menu with Escape, and when the reader goes on elsewhere. */
export function closeMenuOutside(): void {
	const menu = document.querySelector<HTMLDetailsElement>("details.menu");
	if (!menu) return;
	document.addEventListener("keydown", (event) => {
		if (event.key !== "Escape" || !menu.open) return;
		menu.open = false;
		menu.querySelector("summary")?.focus();
	});
	document.addEventListener("click", (event) => {
		if (event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
	});
}
