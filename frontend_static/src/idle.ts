/** How often activity is told to the server at most: it ends the session by its own clock. */
const TELL_EVERY_MS = 30_000;

/**
 * On a shared computer: warn before the session ends idle, then sign out and leave nothing behind. The page says how
 * long with `data-idle-seconds`, how early to warn with `data-warn-seconds`, and what keeps the session with
 * `data-awake`; the form to send is marked `data-sign-out`.
 */
export function watchIdleSession(): void {
	const warning = document.querySelector<HTMLElement>("[data-idle-seconds]");
	const form = document.querySelector<HTMLFormElement>("form[data-sign-out]");
	if (!warning || !form) return;
	const limit = Number(warning.dataset.idleSeconds) * 1000;
	const warnAt = limit - Number(warning.dataset.warnSeconds) * 1000;
	let active = Date.now();
	let told = active;

	const stay = () => {
		active = Date.now();
		if (!warning.hidden || active - told > TELL_EVERY_MS) {
			told = active;
			void fetch(warning.dataset.awake ?? "");
		}
		warning.hidden = true;
	};
	for (const kind of ["keydown", "pointerdown", "input", "wheel"]) {
		document.addEventListener(kind, stay, { passive: true });
	}
	// The wall clock, not a count of ticks: a computer that slept wakes up late.
	const timer = window.setInterval(() => {
		const idle = Date.now() - active;
		if (idle >= limit) {
			window.clearInterval(timer);
			void leave(form);
		} else if (idle >= warnAt) {
			warning.hidden = false;
		}
	}, 1000);
}

/** Wipe what this site keeps in the browser, then sign out; the answer wipes once more (Clear-Site-Data). */
async function leave(form: HTMLFormElement): Promise<void> {
	localStorage.clear();
	sessionStorage.clear();
	for (const { name } of await indexedDB.databases()) {
		if (name) indexedDB.deleteDatabase(name);
	}
	form.submit();
}
