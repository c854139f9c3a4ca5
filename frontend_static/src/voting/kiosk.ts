// Where every vote begins and ends on a device that many use: what was kept is wiped, and whoever is signed in signed out.
import type { VotingPage } from "./page";

/** Where the next voter begins, on such a device (../kiosk.ts reads it). */
const KEPT = "pb-kiosk";

/** Where the next voter begins on a device that many use; null on any other. */
export const kioskStart = (): string | null => localStorage.getItem(KEPT);

/** Whether many use this device one after another, or whoever is signed in has said that others use it too. */
export function isShared(page: VotingPage): boolean {
	return kioskStart() !== null || page.element.querySelector("[data-idle-seconds]") !== null;
}

export function kiosk(page: VotingPage): void {
	const mayBegin = page.part("[data-kiosk]").dataset.kioskNow !== undefined;
	const start = `${location.pathname}?on=yes`;
	const address = localStorage.getItem(KEPT) ?? (mayBegin ? start : null);
	page.part("[data-kiosk-set]").addEventListener("click", () => begin(page, start));
	page.part("[data-kiosk-end]").addEventListener("click", () => {
		wipe();
		page.show("ended");
	});
	if (address === null) page.show("offered");
	else begin(page, address);
}

function begin(page: VotingPage, address: string): void {
	wipe();
	localStorage.setItem(KEPT, address);
	const leave = page.element.querySelector<HTMLFormElement>("form[data-kiosk-leave]");
	if (leave === null) {
		page.show("begun");
		return;
	}
	const next = document.createElement("input");
	Object.assign(next, { type: "hidden", name: "next", value: address });
	leave.append(next);
	leave.submit();
}

/** Signing keys of staff lie elsewhere (IndexedDB) and stay. */
function wipe(): void {
	localStorage.clear();
	sessionStorage.clear();
}
