// "Count it yourself" on the page of a result: the one file of the recount that touches a page. Its words are the
// page's; without script the element stays hidden.
import type { Counted, Report } from "./bundle";
import type { Told } from "./recount.worker";

class CountYourself extends HTMLElement {
	private button!: HTMLButtonElement;
	private bar!: HTMLProgressElement;
	private says!: HTMLElement;
	private steps!: HTMLElement;
	private list!: HTMLElement;
	private numbers = new Intl.NumberFormat(document.documentElement.lang);

	connectedCallback(): void {
		const part = <Part extends HTMLElement>(name: string): Part => this.querySelector(name) as Part;
		this.button = part("button");
		this.bar = part("progress");
		this.says = part("[role=status]");
		this.steps = part("[data-steps]");
		this.list = part("ul");
		this.button.addEventListener("click", () => this.count());
		this.hidden = false;
	}

	private count(): void {
		this.button.disabled = true;
		this.list.hidden = true;
		this.bar.hidden = false;
		this.say("loading");
		const worker = new Worker(new URL("./recount.worker.ts", import.meta.url), { type: "module" });
		const end = (): void => {
			worker.terminate();
			this.bar.hidden = true;
			this.steps.textContent = "";
			this.button.disabled = false;
		};
		worker.addEventListener("message", ({ data }: MessageEvent<Told>) => {
			if (data.stage === "loading") this.bar.value = data.part;
			else if (data.stage === "files") this.say("files");
			else if (data.stage === "contest") this.follow(data.at, data.of, data.increments);
			else {
				end();
				if (data.stage === "done") this.tell(data.report);
				else if (data.stage === "wrong") this.refuse(data.check, data.place);
				else this.say("failed");
			}
		});
		worker.addEventListener("error", () => {
			end();
			this.say("failed");
		});
		worker.postMessage(this.dataset.bundle);
	}

	private follow(at: number, of: number, increments: number): void {
		this.bar.value = at / of;
		if (increments === 0) this.say("counting", this.numbers.format(at + 1), this.numbers.format(of));
		this.steps.textContent = increments > 0 ? this.word("steps", this.numbers.format(increments)) : "";
	}

	private tell({ contests, fingerprint }: Report): void {
		const other = fingerprint !== this.dataset.fingerprint;
		const verdicts = new Set(contests.map(({ verdict }) => verdict));
		if (other) this.say("other");
		else if (verdicts.has("differs")) this.say("differs");
		else this.say(verdicts.size === 1 && verdicts.has("equal") ? "equal" : "partly");
		this.list.replaceChildren(...contests.map((contest) => this.line(contest)));
		this.list.hidden = false;
	}

	private line({ title, verdict, ballots, milliseconds }: Counted): HTMLElement {
		const { lang } = document.documentElement;
		const [language, text] = title.find(([each]) => each === lang) ?? title[0] ?? [lang, ""];
		const name = document.createElement("span");
		name.lang = language;
		name.textContent = text;
		const seconds = this.numbers.format(Math.round(milliseconds / 100) / 10);
		const line = document.createElement("li");
		line.dataset.verdict = verdict;
		line.append(name, `: ${this.word(`each-${verdict}`, this.numbers.format(ballots), seconds)}`);
		return line;
	}

	/** Where the bundle is wrong; the place is a name of the format, the same in every language. */
	private refuse(check: string, place: string): void {
		const code = document.createElement("code");
		code.translate = false;
		code.textContent = place;
		this.says.replaceChildren(`${this.word("wrong")} ${this.word(`wrong-${check}`)}: `, code);
		this.dataset.state = "wrong";
	}

	private say(state: string, ...numbers: string[]): void {
		this.says.textContent = this.word(state, ...numbers);
		this.dataset.state = state;
	}

	/** A sentence of the page, with numbers in the places marked 1# and 2#. */
	private word(name: string, ...numbers: string[]): string {
		const text = this.querySelector<HTMLTemplateElement>(`template[data-word="${name}"]`)?.content.textContent ?? "";
		return numbers.reduce((said, number, at) => said.replace(`${at + 1}#`, number), text.trim());
	}
}

customElements.define("count-yourself", CountYourself);
