// My voting record: every receipt on the page is checked on this device against what the log has published.
import type { VotingPage } from "./page";
import { prove } from "./receipt";

export async function checkRecord(page: VotingPage): Promise<void> {
	const entries = page.parts("[data-receipt]");
	if (entries.length === 0) return;
	let failed = 0;
	let unknown = 0;
	for (const entry of entries) {
		try {
			const proven = await prove(page, entry.textContent ?? "");
			if (!proven.logged || proven.published === "differs" || proven.code !== entry.dataset.receipt) failed += 1;
		} catch {
			unknown += 1;
		}
	}
	page.show(failed > 0 ? "differs" : unknown > 0 ? "unknown" : "agrees");
}
