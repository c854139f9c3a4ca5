/**
 * <desk-queue data-slug data-base data-eid data-receiver data-csrf data-officers>   around a form: paper that is given
 * while the network is cut. Two officers sign a slip with their keys of this browser; it waits in the storage of this
 * device, the person in it sealed to the service, and is sent when the network is back. The service answers with the
 * entry of the record, which both keys sign too.
 *
 * Every word is the server's: cases by `data-when`, the queue's texts by data attributes and by its answers.
 */

import { sealTo } from "../crypto/hpke";
import { b64u, canonical, type Fields, message } from "../signing/canonical";
import { canSign, type DeviceKey, keysOf, sign } from "../signing/keys";

type Officer = { key: string; account: string; name: string };
type Slip = Fields & { i: string; t: number; sg: string[][] };
type Answer = { state: string; text?: string; order?: string; entry?: Fields };

const PATIENCE_MS = 20_000;
const AGAIN_MS = 15_000;

class DeskQueue extends HTMLElement {
	private readonly keys = new Map<string, DeviceKey>();
	private readonly said = new Map<string, string>();
	private finished: Slip[] = [];
	private isSending = false;
	private isAsked = false;

	connectedCallback(): void {
		this.begin().catch(() => this.show("failed"));
	}

	private async begin(): Promise<void> {
		const officers: Officer[] = JSON.parse(this.dataset.officers ?? "[]");
		const usable = (await canSign()) ? officers : [];
		for (const account of new Set(usable.map((officer) => officer.account)))
			for (const key of await keysOf(account))
				if (usable.some((officer) => officer.key === key.id)) this.keys.set(key.id, key);
		const here = usable.filter((officer) => this.keys.has(officer.key));
		const enough = new Set(here.map((officer) => officer.account)).size > 1;
		this.show(enough ? "ready" : "few");
		for (const [name, chosen] of [
			["first", 0],
			["second", here.findIndex((officer) => officer.account !== here[0]?.account)],
		] as const) {
			const select = this.querySelector<HTMLSelectElement>(`select[name="${name}"]`);
			select?.replaceChildren(
				...here.map((officer, at) => new Option(officer.name, officer.key, false, at === chosen)),
			);
		}
		this.querySelector("form")?.addEventListener("submit", (event) => {
			event.preventDefault();
			this.keep(event.target as HTMLFormElement).catch(() => this.show("ready", "failed"));
		});
		this.querySelector("[data-send]")?.addEventListener("click", () => this.send());
		window.addEventListener("online", () => this.send());
		window.setInterval(() => this.send(), AGAIN_MS);
		this.list();
		await this.send();
	}

	/** Sign what the form says, and keep it on this device. */
	private async keep(form: HTMLFormElement): Promise<void> {
		const typed = (name: string) => String(new FormData(form).get(name) ?? "").trim();
		const person = { number: typed("number"), email: typed("email"), name: typed("name"), born: typed("born") };
		const signers = [typed("first"), typed("second")].map((id) => this.keys.get(id));
		if (!(person.number || person.email || (person.name && person.born)) || !typed("both") || !typed("box"))
			throw new Error("empty");
		if (!signers[0] || !signers[1] || signers[0].account === signers[1].account) throw new Error("one officer");
		const slip: Fields = {
			v: 1,
			k: "slip",
			e: this.dataset.eid ?? "",
			d: typed("contest"),
			no: typed("box"),
			i: crypto.randomUUID(),
			t: Math.floor(Date.now() / 1000),
			who: this.sealed(canonical(person)),
		};
		const sg = await this.signed(slip, signers as DeviceKey[]);
		this.store([...this.queue(), { ...slip, sg } as Slip]);
		form.reset();
		this.show("ready");
		this.list();
		await this.send();
	}

	private sealed(text: string): string {
		const info = new TextEncoder().encode(`pb/slip/${this.dataset.eid}`);
		const receiver = bytesOf(this.dataset.receiver ?? "");
		const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));
		const sealed = sealTo(receiver, new TextEncoder().encode(text), info, random);
		return b64u(Uint8Array.from(sealed).buffer);
	}

	private async signed(entry: Fields, signers: DeviceKey[]): Promise<string[][]> {
		return Promise.all(signers.map(async (key) => [key.id, await sign(key, message(entry))]));
	}

	/** Send what waits; what the record holds is forgotten here, what is refused stays until somebody removes it. */
	private async send(): Promise<void> {
		this.isAsked = true;
		if (this.isSending || this.keys.size === 0) return;
		this.isSending = true;
		this.isAsked = false;
		try {
			for (const slip of this.queue()) {
				const taken = await this.post("slips", slip);
				const answer =
					taken.state === "waiting" && taken.entry && taken.order ? await this.complete(slip, taken) : taken;
				if (answer.text) this.said.set(slip.i, answer.text);
				if (answer.state !== "logged") continue;
				this.finished = [...this.finished, slip];
				this.store(this.queue().filter((one) => one.i !== slip.i));
			}
		} catch {
			// no network yet, or nobody signed in: everything stays here
		} finally {
			this.isSending = false;
			this.list();
		}
		// Something was signed, or the network came back, while these were on their way.
		if (this.isAsked) await this.send();
	}

	private async complete(slip: Slip, taken: Answer): Promise<Answer> {
		const signers = slip.sg.map(([id]) => this.keys.get(id ?? "")).filter((key) => key !== undefined);
		const sg = await this.signed(taken.entry ?? {}, signers);
		return this.post(`slips/${taken.order}/sign`, { sg });
	}

	private async post(path: string, body: unknown): Promise<Answer> {
		const answer = await fetch(`${this.dataset.base}/${path}`, {
			method: "POST",
			headers: { "content-type": "application/json", "x-csrf-token": this.dataset.csrf ?? "" },
			body: JSON.stringify(body),
			redirect: "manual",
			signal: AbortSignal.timeout(PATIENCE_MS),
		});
		if (!answer.ok) {
			this.show("ready", "signed-out");
			throw new Error(`the server answered ${answer.status}`);
		}
		return (await answer.json()) as Answer;
	}

	private queue(): Slip[] {
		return JSON.parse(localStorage.getItem(this.place()) ?? "[]") as Slip[];
	}

	private store(slips: Slip[]): void {
		localStorage.setItem(this.place(), JSON.stringify(slips));
	}

	private place(): string {
		return `pb-desk:${this.dataset.slug}`;
	}

	private list(): void {
		const waiting = this.queue();
		const state = this.querySelector<HTMLElement>("[data-state]");
		if (state)
			state.textContent = waiting.length ? `${state.dataset.some}${waiting.length}` : (state.dataset.none ?? "");
		this.querySelector("[data-queue]")?.replaceChildren(
			...[...waiting, ...this.finished].map((slip) => {
				const line = document.createElement("li");
				const when = new Date(slip.t * 1000).toLocaleTimeString(document.documentElement.lang);
				const isWaiting = waiting.includes(slip);
				line.textContent = `${when} ${String(slip.d)}, ${String(slip.no)}: ${this.said.get(slip.i) ?? this.dataset.waits}`;
				if (isWaiting && this.said.has(slip.i)) line.append(" ", this.removal(slip));
				return line;
			}),
		);
	}

	private removal(slip: Slip): HTMLButtonElement {
		const button = document.createElement("button");
		button.type = "button";
		button.className = "button button-quiet button-small";
		button.textContent = this.dataset.remove ?? "";
		button.addEventListener("click", () => {
			this.store(this.queue().filter((one) => one.i !== slip.i));
			this.list();
		});
		return button;
	}

	private show(...cases: string[]): void {
		for (const part of this.querySelectorAll<HTMLElement>("[data-when]")) {
			part.hidden = !cases.includes(part.dataset.when ?? "");
			if (part.dataset.when === "failed" && !part.hidden) part.focus();
		}
	}
}

function bytesOf(text: string): Uint8Array {
	return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (symbol) => symbol.charCodeAt(0));
}

customElements.define("desk-queue", DeskQueue);
