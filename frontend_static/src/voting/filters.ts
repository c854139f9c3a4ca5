// Filters of the ballot: rows that do not match are hidden, and stay in the vote if they are in it.
import type { VotingPage } from "./page";

export function filterRows(page: VotingPage): void {
	const form = page.element.querySelector<HTMLFormElement>("form[data-filters]");
	if (!form) return;
	const rows = page.parts("[data-project]");
	const apply = (): void => {
		const asked = new FormData(form);
		const wanted = String(asked.get("q") ?? "").toLocaleLowerCase(document.documentElement.lang);
		const themes = asked.getAll("theme");
		const most = asked.get("most") ? Number(asked.get("most")) : Number.POSITIVE_INFINITY;
		for (const row of rows) {
			const matches =
				(row.dataset.search ?? "").includes(wanted.trim()) &&
				(themes.length === 0 ||
					themes.some((theme) => (row.dataset.themes ?? "").split(" ").includes(String(theme)))) &&
				Number(row.dataset.cost) <= most &&
				(!asked.get("chosen") || row.classList.contains("chosen"));
			row.hidden = !matches;
		}
		const shown = rows.filter((row) => !row.hidden).length;
		page.part("[data-shown]").textContent = page.words.count("shown", shown, { whole: rows.length });
	};
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		apply();
	});
	form.addEventListener("input", apply);
	form.querySelector<HTMLElement>("[data-filter-button]")?.setAttribute("hidden", "");
	const asked = new FormData(form);
	if (["q", "most", "theme"].some((name) => asked.get(name))) apply();
}
