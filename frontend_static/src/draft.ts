/** What was typed, by field name; a field may have several values. */
type Typed = Record<string, string[]>;

/** Fields that belong to one page and not to the text. */
const NOT_KEPT = new Set(["csrf", "from", "go"]);
/** A draft is forgotten after so many days. */
const DAYS = 90;

/**
 * Keep a proposal on the device while it is written, and offer it again when the form is opened anew. Nothing is sent
 * anywhere by this; the form itself carries the text from step to step without it.
 */
export function keepDraft(): void {
	const page = document.querySelector<HTMLElement>("[data-draft-of]");
	const form = page?.querySelector<HTMLFormElement>("form[data-draft]");
	const sent = document.querySelector<HTMLElement>("[data-draft-sent]");
	if (sent?.dataset.draftSent) forget(sent.dataset.draftSent);
	if (!page || !form) return;
	const slug = page.dataset.draftOf ?? "";
	const found = page.querySelector<HTMLElement>("[data-draft-found]");
	const kept = recall(slug);
	if (kept && isEmpty(form) && found) {
		found.hidden = false;
		found.querySelector("[data-draft-take]")?.addEventListener("click", () => {
			fill(form, kept);
			found.hidden = true;
			form.querySelector<HTMLElement>("textarea, input:not([type=hidden])")?.focus();
			note(page, slug, form);
		});
		found.querySelector("[data-draft-drop]")?.addEventListener("click", () => {
			forget(slug);
			found.hidden = true;
		});
	} else if (!isEmpty(form)) note(page, slug, form);
	form.addEventListener("input", () => note(page, slug, form));
}

function note(page: HTMLElement, slug: string, form: HTMLFormElement): void {
	if (isEmpty(form)) return;
	try {
		localStorage.setItem(key(slug), JSON.stringify({ at: Date.now(), typed: typedIn(form) }));
	} catch {
		return; // no room, or storage is forbidden: the form works without
	}
	const says = page.querySelector<HTMLElement>("[data-draft-kept]");
	if (says) says.hidden = false;
}

function typedIn(form: HTMLFormElement): Typed {
	const typed: Typed = {};
	for (const [name, value] of new FormData(form)) {
		if (typeof value !== "string" || NOT_KEPT.has(name)) continue;
		typed[name] = [...(typed[name] ?? []), value];
	}
	return typed;
}

/** Whether nothing of the text itself is there: choices have values from the beginning. */
function isEmpty(form: HTMLFormElement): boolean {
	const typed = typedIn(form);
	return ["need", "title", "idea", "audience", "place"].every((name) => !(typed[name] ?? []).some(Boolean));
}

function fill(form: HTMLFormElement, typed: Typed): void {
	for (const field of form.querySelectorAll<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>(
		"input[name], textarea[name], select[name]",
	)) {
		const values = typed[field.name];
		if (!values || NOT_KEPT.has(field.name)) continue;
		if (field instanceof HTMLInputElement && (field.type === "checkbox" || field.type === "radio")) {
			field.checked = values.includes(field.value);
		} else field.value = values[0] ?? "";
	}
	for (const value of typed.join ?? []) {
		if ([...form.querySelectorAll<HTMLInputElement>("[name=join]")].some((field) => field.value === value)) continue;
		const field = document.createElement("input");
		Object.assign(field, { type: "hidden", name: "join", value });
		form.append(field);
	}
}

function key(slug: string): string {
	return `pb-draft:${slug}`;
}

function recall(slug: string): Typed | undefined {
	try {
		const stored = JSON.parse(localStorage.getItem(key(slug)) ?? "null") as { at: number; typed: Typed } | null;
		if (stored && Date.now() - stored.at < DAYS * 86_400_000) return stored.typed;
		forget(slug);
	} catch {
		// what cannot be read was not ours
	}
	return undefined;
}

function forget(slug: string): void {
	try {
		localStorage.removeItem(key(slug));
	} catch {
		// storage is forbidden: then there is nothing in it
	}
}
