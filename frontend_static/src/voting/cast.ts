// Check or cast: the sealed ballot is opened for another device and thrown away, or sent and answered with a receipt.
import { unb64u } from "../crypto/bytes";
import { freshToken, send } from "./api";
import type { Sealed } from "./device";
import { grouped } from "./grouped";
import type { VotingPage } from "./page";
import { drawCode, MOST_SIGNS } from "./qr";
import { ask } from "./sealing";

/** As often as it is looked whether officers have signed a device does not count as left alone: ten minutes or so. */
const MOST_LOOKS = 300;

export function checkOrCast(page: VotingPage): void {
	new CastPage(page).begin();
}

class CastPage {
	#token: string;
	#wake: (() => void) | undefined;

	constructor(private readonly page: VotingPage) {
		this.#token = page.element.dataset.csrf ?? "";
	}

	begin(): void {
		const sealed = this.page.device.sealed;
		if (sealed === undefined || sealed.contest !== this.page.contest) {
			this.page.show("none");
			return;
		}
		for (const place of this.page.parts("[data-code]")) place.textContent = grouped(sealed.code);
		this.page.part("[data-cast]").addEventListener("click", () => void this.#cast());
		this.page.part("[data-check]").addEventListener("click", () => void this.#check());
		this.page.part("[data-again]").addEventListener("click", () => this.#wake?.());
		if (sealed.state === "opened") void this.#showOpened(sealed);
		else if (sealed.state === "casting") void this.#cast();
		else this.page.show("sealed");
	}

	/**
	 * Send until there is an answer: the voter pressed once, and the rest is ours to do. What would open the ballot is
	 * thrown away before it leaves, so that nothing on this device can show later what was in it.
	 */
	async #cast(): Promise<void> {
		const sealed = this.page.device.sealed;
		if (sealed === undefined || this.#isSending) return;
		this.#isSending = true;
		this.page.device.sealed = { ...sealed, state: "casting", secrets: [] };
		this.page.show("casting");
		this.page.part("[data-sending]").focus();
		this.page.say(this.page.words.say("casting"));
		try {
			await this.#sendUntilAnswered({ ...sealed, secrets: [] });
		} catch {
			this.#refused({ ...sealed, secrets: [] }, "other"); // sealing again did not work on this device
		} finally {
			this.#isSending = false;
		}
	}

	#isSending = false;
	/** How often there was no answer: it is said aloud once, and stands on the page all the time. */
	#tries = 0;

	async #sendUntilAnswered(first: Sealed): Promise<void> {
		let sealed = first;
		for (;;) {
			const answer = await send(this.page.round, sealed.fields, this.#token);
			switch (answer.kind) {
				case "cast":
					return this.#received(sealed, answer);
				case "base":
					sealed = await this.#sealAgain(sealed, answer.base);
					break;
				case "stale": {
					const token = await freshToken(location.href).catch(() => undefined);
					if (token === "") return this.#refused(sealed, "signed-out");
					this.#token = token ?? this.#token;
					await this.#wait(1);
					break;
				}
				case "later":
					await this.#wait(answer.after);
					break;
				case "officers":
					await this.#waitForOfficers(sealed, answer.after);
					break;
				default:
					if (answer.kind === "refused") return this.#refused(sealed, answer.type);
					return this.#refused(sealed, sealed.signer ? "identify" : "signed-out");
			}
		}
	}

	#received(sealed: Sealed, { index, code, receipt }: { index: number; code: string; receipt: string }): void {
		const { device, eid, contest } = this.page;
		device.receipt = { eid, contest, index, code, receipt, again: sealed.again };
		device.forgetChoice(contest);
		device.sealed = undefined;
		location.replace(this.page.address("/receipt"));
	}

	/** Another ballot in the same name came in between: the same choices are sealed after it (protocol.md 6, c). */
	async #sealAgain(sealed: Sealed, base: number): Promise<Sealed> {
		const { device, shape, eid, key, contest } = this.page;
		if (shape === undefined) throw new Error("the page has no contest");
		const { ballot } = sealed;
		const alias = String(sealed.fields.a);
		const seed = sealed.signer && device.seedOf(sealed.signer.key);
		if (sealed.signer && !seed) throw new Error("this window has the voter's key no more");
		const signer = sealed.signer && seed ? { ...sealed.signer, seed } : undefined;
		const made = await ask("seal", { election: { eid, key }, contest, shape, ballot, alias, base, signer });
		const again: Sealed = { ...sealed, ...made, secrets: [], again: true };
		device.sealed = again;
		return again;
	}

	/** What cannot be cast as it is: it is sealed still and not cast, and the page says why and what can be done. */
	#refused(sealed: Sealed, type: string): void {
		const known = ["paper", "rank", "closed", "not-open", "paused", "signed-out", "identify", "not-signed"].includes(
			type,
		)
			? type
			: "other";
		// Whoever signs in again comes back to a ballot that is sent at once: she pressed Cast before.
		this.page.device.sealed = { ...sealed, state: known === "signed-out" ? "casting" : "sealed" };
		this.page.show("refused", `refused-${known}`);
		this.page.part("[data-refused]").focus();
	}

	/** Count down on the page until it is time, the network is back or the voter does not want to wait. */
	async #wait(seconds: number): Promise<void> {
		this.page.show("casting", "waiting");
		if (this.#tries++ === 0) this.page.say(this.page.words.count("waiting", seconds));
		const until = performance.now() + seconds * 1000;
		await new Promise<void>((done) => {
			const tick = (): void => {
				const left = Math.ceil((until - performance.now()) / 1000);
				if (left <= 0) now();
				else this.page.part("[data-waiting-text]").textContent = this.page.words.count("waiting", left);
			};
			const timer = window.setInterval(tick, 250);
			const now = (): void => {
				window.clearInterval(timer);
				window.removeEventListener("online", now);
				done();
			};
			this.#wake = now;
			window.addEventListener("online", now);
			tick();
		});
		this.page.show("casting");
	}

	/**
	 * Officers of a desk compare the code and sign. The device is in use meanwhile, however long nobody touches it; it
	 * keeps nothing that tells a choice but what sealing again would need.
	 */
	async #waitForOfficers(sealed: Sealed, seconds: number): Promise<void> {
		const { words } = this.page;
		for (const place of this.page.parts("[data-code]")) place.textContent = grouped(sealed.code);
		this.page.show("officers");
		if (this.#asked !== sealed.code) {
			this.#asked = sealed.code;
			this.page.say(words.say("officers"));
			this.page.part("[data-officers]").focus();
		}
		if (this.#looks++ < MOST_LOOKS) document.dispatchEvent(new Event("input"));
		await new Promise((done) => window.setTimeout(done, seconds * 1000));
	}

	#asked = "";
	#looks = 0;

	/** Open the ballot for another device. From now on it can never be cast: whoever has the file knows the choices. */
	async #check(): Promise<void> {
		const sealed = this.page.device.sealed;
		if (sealed === undefined || this.#isSending || sealed.state !== "sealed") return;
		if (sealed.secrets.length === 0) return location.assign(this.page.address("/review"));
		const opened: Sealed = { ...sealed, state: "opened" };
		this.page.device.sealed = opened;
		await this.#showOpened(opened);
		this.page.part("[data-opened]").focus();
	}

	async #showOpened(sealed: Sealed): Promise<void> {
		const { fields, payload, secrets, code } = sealed;
		const made = { fields: fields as never, payload, secrets, code };
		const opening = await ask("open", { eid: this.page.eid, made }).catch(() => undefined);
		if (opening === undefined) {
			this.page.show("refused", "refused-other");
			return;
		}
		const { file, short } = opening;
		const check = `${location.origin}${this.page.element.dataset.base}/check`;
		for (const place of this.page.parts("[data-check-address]")) place.textContent = check;
		const link = this.page.part<HTMLAnchorElement>("[data-file]");
		link.href = URL.createObjectURL(new Blob([unb64u(file) as BlobPart], { type: "application/json" }));
		link.download = `${sealed.code}.json`;
		this.page.part("[data-short]").textContent = short;
		const address = `${check}#${short}`;
		this.page.show("opened");
		const isShort = address.length <= MOST_SIGNS;
		this.page.part("[data-qr-part]").hidden = !isShort;
		if (isShort) await drawCode(this.page.part("[data-qr]"), address);
	}
}
