// The pages of the vote. Each can be read without this file; choosing and sealing need it.
import { contests } from "./api";
import { showAreas } from "./area";
import { fillBallot } from "./ballot";
import { checkOrCast } from "./cast";
import { checkBallot } from "./check";
import { countDown } from "./countdown";
import { canKeep } from "./device";
import { identify } from "./identify";
import { kiosk } from "./kiosk";
import { VotingPage } from "./page";
import { showReceipt } from "./receipt";
import { checkRecord } from "./record";
import { review } from "./review";
import { ask } from "./sealing";

const PAGES: { [name: string]: (page: VotingPage) => void | Promise<void> } = {
	ballot: fillBallot,
	review,
	cast: checkOrCast,
	receipt: showReceipt,
	check: (page) => checkBallot(page, { contests: () => contests(page.round), look: (given) => ask("look", given) }),
	record: checkRecord,
	identify,
	area: showAreas,
	kiosk,
};

/** Whether this browser can keep choices and calculate; an older one is shown the way to the desk and to paper. */
function isAble(): boolean {
	const given: unknown[] = [
		globalThis.BigInt,
		globalThis.Worker,
		globalThis.crypto?.getRandomValues,
		AbortSignal.timeout,
	];
	return given.every(Boolean) && canKeep();
}

const element = document.querySelector<HTMLElement>("[data-booth]");
if (element && isAble()) {
	const page = new VotingPage(element);
	for (const offer of page.parts("[data-without-script]")) offer.hidden = true;
	for (const control of page.parts("[data-needs-script]")) control.hidden = false;
	countDown(page);
	void PAGES[element.dataset.booth ?? ""]?.(page);
}
