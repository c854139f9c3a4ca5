// The check page as one file, for a device without a connection: contests stand in it, and it calculates by itself.
import { type Contest, checkBallot } from "./check";
import { VotingPage } from "./page";
import { lookInto } from "./tasks";

const element = document.querySelector<HTMLElement>("[data-booth]");
if (element) {
	const page = new VotingPage(element);
	const contests = JSON.parse(page.part("[data-contests]").textContent ?? "[]") as Contest[];
	for (const offer of page.parts("[data-without-script]")) offer.hidden = true;
	for (const control of page.parts("[data-needs-script]")) control.hidden = false;
	checkBallot(page, { contests: async () => contests, look: async (given) => lookInto(given) });
}
