const KEPT = "pb-kiosk";
/** As long as a session on a shared computer lasts without a key or a touch, and how long before its end is warned. */
const [IDLE_MS, WARN_MS] = [180_000, 60_000];

/**
 * On a device that many use one after another (a library's): every sign-in is one on a shared computer, every sign-out
 * and every idle page leads back to where the next voter begins (voting/kiosk.ts), which wipes what is left.
 */
export function keepKiosk(): void {
	const address = keptAddress();
	if (address === null || document.querySelector("[data-kiosk]")) return;
	for (const box of document.querySelectorAll<HTMLInputElement>("input[type=checkbox][name=shared]"))
		box.checked = true;
	for (const link of document.querySelectorAll<HTMLAnchorElement>("a[href*='/sign-in/with/']")) {
		const provider = new URL(link.href);
		provider.searchParams.set("shared", "yes");
		link.href = provider.href;
	}
	for (const form of document.querySelectorAll<HTMLFormElement>("form[action$='/sign-out']")) {
		const next = document.createElement("input");
		Object.assign(next, { type: "hidden", name: "next", value: address });
		form.append(next);
	}
	if (!document.querySelector("[data-idle-seconds]")) watch(address);
}

function keptAddress(): string | null {
	try {
		return localStorage.getItem(KEPT);
	} catch {
		return null; // storage is forbidden here: this is no such device
	}
}

/** Without a session the server watches over nothing: what was chosen must not wait here for whoever comes next. */
function watch(address: string): void {
	const warning = document.querySelector<HTMLElement>("[data-kiosk-warning]");
	let active = Date.now();
	const stay = (): void => {
		active = Date.now();
		if (warning) warning.hidden = true;
	};
	for (const kind of ["keydown", "pointerdown", "input", "wheel"])
		document.addEventListener(kind, stay, { passive: true });
	window.setInterval(() => {
		const idle = Date.now() - active;
		if (idle >= IDLE_MS) location.replace(address);
		else if (idle >= IDLE_MS - WARN_MS && warning) warning.hidden = false;
	}, 1000);
}
