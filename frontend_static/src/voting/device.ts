// What is kept on the voter's device and nowhere else. Choices leave it sealed, or not at all.
import type { Ballot } from "../crypto/payload";
import type { Signer } from "./tasks";

/** Until the vote ends: the choices of each contest, by the election that they belong to. */
interface Basket {
	eid: string;
	choices: { [contest: string]: Ballot };
}

interface Orders {
	eid: string;
	orders: { [contest: string]: number[] };
}

/** A sealed ballot in this window. `secrets` open it: they are thrown away the moment it is cast. */
export interface Sealed {
	eid: string;
	contest: string;
	ballot: Ballot;
	/** `d`, `a`, `b`, `ct`, `pf`, as they are cast. */
	fields: { [name: string]: unknown };
	payload: string;
	secrets: string[];
	code: string;
	/** sealed: not cast yet; casting: the voter pressed Cast; opened: shown for a check, and never cast. */
	state: "sealed" | "casting" | "opened";
	/** The ballot had to be sealed again while it was sent: its code is not the one that the voter saw first. */
	again: boolean;
	/** By whose key it is signed, where not the service vouches for an account. The seed is not kept here. */
	signer?: Omit<Signer, "seed"> | undefined;
}

/** Secret seeds of the voter's own keys, by their public halves: of a code or a sign-in, in this window alone. */
interface Seeds {
	eid: string;
	seeds: { [key: string]: string };
}

/** The receipt of the ballot that this window cast last. */
export interface Kept {
	eid: string;
	contest: string;
	index: number;
	code: string;
	receipt: string;
	again: boolean;
}

/** Whether this browser lets us keep anything: private windows of some do not. */
export function canKeep(): boolean {
	try {
		localStorage.setItem("pb-vote", "1");
		localStorage.removeItem("pb-vote");
		return true;
	} catch {
		return false;
	}
}

export class Device {
	readonly #basket: string;
	readonly #sealed: string;
	readonly #receipt: string;
	readonly #orders: string;
	readonly #seeds: string;

	constructor(
		round: string,
		readonly eid: string,
	) {
		this.#basket = `pb-vote:${round}`;
		this.#sealed = `pb-sealed:${round}`;
		this.#receipt = `pb-receipt:${round}`;
		this.#orders = `pb-vote-order:${round}`;
		this.#seeds = `pb-keys:${round}`;
	}

	/** What was chosen in a contest of this election; nothing of another one. */
	choice(contest: string): unknown {
		return this.#read<Basket>(localStorage, this.#basket)?.choices[contest];
	}

	/** The contests in which something is chosen and not cast. */
	chosen(): string[] {
		const choices = this.#read<Basket>(localStorage, this.#basket)?.choices ?? {};
		return Object.keys(choices).filter((contest) => (choices[contest] ?? []).length > 0);
	}

	choose(contest: string, ballot: Ballot): void {
		const choices = { ...this.#read<Basket>(localStorage, this.#basket)?.choices, [contest]: ballot };
		write(localStorage, this.#basket, { eid: this.eid, choices });
	}

	forgetChoice(contest: string): void {
		const { [contest]: _, ...choices } = this.#read<Basket>(localStorage, this.#basket)?.choices ?? {};
		if (Object.keys(choices).length > 0) write(localStorage, this.#basket, { eid: this.eid, choices });
		else localStorage.removeItem(this.#basket);
	}

	get sealed(): Sealed | undefined {
		return this.#read<Sealed>(sessionStorage, this.#sealed);
	}

	set sealed(ballot: Sealed | undefined) {
		write(sessionStorage, this.#sealed, ballot);
	}

	get receipt(): Kept | undefined {
		return this.#read<Kept>(sessionStorage, this.#receipt);
	}

	set receipt(receipt: Kept | undefined) {
		write(sessionStorage, this.#receipt, receipt);
	}

	/** The seed of one of the voter's own keys, if this window has it. */
	seedOf(key: string): string | undefined {
		return this.#read<Seeds>(sessionStorage, this.#seeds)?.seeds[key];
	}

	/** Keep the seeds of these keys, and no others. */
	keepSeeds(keys: { key: string; seed: string }[]): void {
		const seeds = Object.fromEntries(keys.map(({ key, seed }) => [key, seed]));
		write(sessionStorage, this.#seeds, keys.length > 0 ? { eid: this.eid, seeds } : undefined);
	}

	/** The order in which this device shows the projects of a contest: drawn once, the same from then on. */
	order(contest: string, projects: number): number[] {
		const orders = this.#read<Orders>(localStorage, this.#orders)?.orders ?? {};
		const kept = orders[contest];
		if (Array.isArray(kept) && kept.length === projects && new Set(kept).size === projects) return kept;
		const order = drawn(projects);
		write(localStorage, this.#orders, { eid: this.eid, orders: { ...orders, [contest]: order } });
		return order;
	}

	#read<T extends { eid: string }>(store: Storage, key: string): T | undefined {
		try {
			const found = JSON.parse(store.getItem(key) ?? "null") as T | null;
			return found?.eid === this.eid ? found : undefined;
		} catch {
			return undefined; // what cannot be read was not ours
		}
	}
}

function write(store: Storage, key: string, value: unknown): void {
	if (value === undefined) store.removeItem(key);
	else store.setItem(key, JSON.stringify(value));
}

/** The numbers below `count` in an order that favours none (Fisher and Yates). */
function drawn(count: number): number[] {
	const order = Array.from({ length: count }, (_, number) => number);
	for (let last = count - 1; last > 0; last--) {
		const other = below(last + 1);
		[order[last], order[other]] = [order[other] ?? 0, order[last] ?? 0];
	}
	return order;
}

/** A random number below a bound, each as likely as the others. */
function below(bound: number): number {
	const most = 2 ** 32 - (2 ** 32 % bound);
	for (;;) {
		const [number = 0] = crypto.getRandomValues(new Uint32Array(1));
		if (number < most) return number % bound;
	}
}
