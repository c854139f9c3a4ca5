// The receipt: shown, checked on this device against what the log has published, copied, printed, kept as a file.
import { tell } from "./api";
import type { Kept } from "./device";
import { grouped } from "./grouped";
import { isShared, kioskStart } from "./kiosk";
import type { VotingPage } from "./page";
import { drawCode } from "./qr";
import { ask } from "./sealing";
import type { Proven } from "./tasks";

/** Witnesses sign every few minutes: so often, and so many times, the page looks again whether they have. */
const [WITNESSES_MS, WITNESSES_TIMES] = [60_000, 10];

export function showReceipt(page: VotingPage): void {
	const receipt = page.device.receipt;
	if (receipt === undefined) {
		page.show("none");
		return;
	}
	page.show("receipt", ...(receipt.again ? ["again"] : []));
	for (const place of page.parts("[data-code]")) place.textContent = grouped(receipt.code);
	page.part("[data-index]").textContent = page.words.number(receipt.index);
	page.part("[data-text]").textContent = receipt.receipt;
	for (const name of page.parts("[data-contest-name]")) name.hidden = name.dataset.contestName !== receipt.contest;
	const file = page.part<HTMLAnchorElement>("[data-file]");
	file.href = URL.createObjectURL(new Blob([receipt.receipt], { type: "text/plain" }));
	file.download = `${receipt.code}.txt`;
	const found = `${location.origin}${page.element.dataset.base}/check?code=${receipt.code}`;
	void drawCode(page.part("[data-qr]"), found);
	page.part("[data-copy]").addEventListener("click", () => void copy(page, receipt.code));
	page.part("[data-print-receipt]").addEventListener("click", () => window.print());
	for (const form of page.parts<HTMLFormElement>("form[data-leave]"))
		form.addEventListener("submit", () => {
			page.device.receipt = undefined;
		});
	page.element.querySelector("[data-forget]")?.addEventListener("click", () => void forget(page));
	const start = kioskStart();
	const done = page.part("[data-kiosk-done]");
	// Whoever is signed in to an account has a button of her own that signs her out.
	if (start !== null && !page.element.querySelector("form[data-leave]")) {
		done.hidden = false;
		for (const other of page.parts("[data-identified]")) other.hidden = true;
		page.part("[data-done]").addEventListener("click", () => void forget(page, start));
	}
	// On a device that many use nothing is left behind, on its clipboard or in its files either.
	const shared = isShared(page);
	for (const offer of page.parts("[data-copy], [data-file]")) offer.hidden = shared;
	if (shared) page.device.receipt = undefined;
	void check(page, receipt);
}

/**
 * Let nothing on this device say any more who voted: neither the keys of a code or a sign-in, nor the receipt. `start`:
 * where the next one begins on a device that many use.
 */
async function forget(page: VotingPage, start?: string): Promise<void> {
	page.device.keepSeeds([]);
	page.device.receipt = undefined;
	await tell(page.round, "leave", {}, page.element.dataset.csrf ?? "");
	if (start !== undefined) return location.replace(start);
	page.part("[data-identified]").hidden = true;
	const told = page.part("[data-forgotten]");
	told.hidden = false;
	told.focus();
}

async function copy(page: VotingPage, code: string): Promise<void> {
	try {
		await navigator.clipboard.writeText(grouped(code));
		page.say(page.words.say("copied"));
	} catch {
		page.say(page.words.say("not-copied"));
	}
}

/** Hold the receipt against the newest published tree head, by this device's own calculation. */
async function check(page: VotingPage, receipt: Kept, times = WITNESSES_TIMES): Promise<void> {
	const result = page.part("[data-proof]");
	try {
		const proven = await prove(page, receipt.receipt);
		const holds = proven.logged && proven.published !== "differs" && proven.code === receipt.code;
		result.dataset.proof = holds ? "holds" : "fails";
		page.show("receipt", ...(receipt.again ? ["again"] : []), holds ? "proven" : "failed");
		for (const size of page.parts("[data-size]")) size.textContent = page.words.number(proven.size);
		showWitnesses(page, proven.witnessed);
		if (holds && page.witnesses.length > 0 && proven.witnessed === 0 && times > 1)
			window.setTimeout(() => void check(page, receipt, times - 1), WITNESSES_MS);
		if (!holds) page.part("[data-when=failed][tabindex]").focus();
	} catch {
		result.dataset.proof = "unknown";
		page.show("receipt", ...(receipt.again ? ["again"] : []), "unknown");
	}
}

/** How many witnesses outside have signed the state that holds the ballot; they are asked again every few minutes. */
function showWitnesses(page: VotingPage, count: number): void {
	const told = page.element.querySelector<HTMLElement>("[data-witnessed]");
	const whole = page.witnesses.length;
	if (told && whole > 0) told.textContent = page.words.count(count > 0 ? "witnessed" : "unwitnessed", count, { whole });
}

/**
 * What a receipt proves now. Where the record has grown since, the same ballot must be proven in a tree at least as large
 * as the published one too. Throws when the published tree head cannot be had, or the text is no receipt.
 */
export async function prove(page: VotingPage, receipt: string): Promise<Proven> {
	const { log, eid, witnesses } = page;
	const checkpoint = await text(`/pb/${page.round}/checkpoint`);
	if (checkpoint === undefined) throw new Error("the record has no tree head");
	const proven = await ask("prove", { receipt, checkpoint, log, eid, witnesses });
	if (proven.published !== "later") return proven;
	const fresh = await text(`/api/v1/rounds/${page.round}/receipts/${proven.seal}`);
	if (fresh === undefined) return { ...proven, published: "differs" };
	const again = await ask("prove", { receipt: fresh, checkpoint, log, eid, witnesses });
	const holds = again.logged && again.seal === proven.seal && again.index === proven.index;
	return { ...again, published: holds && again.size >= proven.newest ? "later" : "differs" };
}

/** What stands at an address; undefined where the server says that nothing does. */
async function text(address: string): Promise<string | undefined> {
	const answer = await fetch(address, { cache: "no-store" });
	if (answer.status === 404) return undefined;
	if (!answer.ok) throw new Error("the record cannot be had");
	return answer.text();
}
