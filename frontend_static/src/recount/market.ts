// One run of the Method of Equal Shares (docs/rules.md), decided exactly.
//
// Groups of equal ballots that have paid the same so far are in one *state* and have the same money. Of every state two
// floats are known between which its money surely lies; they decide what they can. Where they cannot (equal prices, money
// that is exactly the price), whole numbers over one denominator decide: the exact money of a state follows from the
// exact prices paid before, and is worked out only when it is asked for.
//
// The same run over a span of endowments: the two floats of a state then hold its money at every endowment of the span,
// because more money never makes a price higher. A run that the floats decide to its end is that of all of them.
import type { Election, Group } from "./election";
import { between, EPS, type Fraction, order } from "./fractions";

/** What each supporter who is not short pays for one unit of weight: rest / (mass x scale). */
interface Price {
	rest: bigint;
	mass: number;
	scale: bigint;
}

/** Supporters of a project by state and weight, as they were when it was bought. */
interface Supporters {
	states: number[];
	weights: number[];
	counts: number[];
}

/** A project bought, and how surely is known for how much. */
interface Purchase {
	project: number;
	supporters: Supporters;
	low: number;
	high: number;
	price: Price | undefined;
}

/** A project bought in the run that decides. */
export interface Bought {
	project: number;
	/** rho, for one unit of utility. */
	price: Fraction;
	/** All projects that had this price. */
	tied: number[];
}

const ZERO = 1; // the state of those who have nothing left

/** The part of a count that is the same at every endowment. */
export class Market {
	readonly supporters: number[];
	/** A unit of weight is worth this much utility. */
	readonly worth: number[];
	readonly members: Int32Array[];
	readonly weights: Float64Array[];
	/** Weight times size of each supporting group. */
	readonly masses: Float64Array[];
	readonly totals: number[];
	/** Whether a project is worth the same to all its supporters. */
	readonly uniform: boolean[];
	readonly sizes: Float64Array;
	/** Projects of equal cost with the same supporters have the same number. */
	readonly twin: number[];

	constructor(
		readonly election: Election,
		readonly groups: Group[],
	) {
		const { costs } = election;
		const members: number[][] = costs.map(() => []);
		const weights: number[][] = costs.map(() => []);
		groups.forEach(({ projects, weights: given }, group) => {
			projects.forEach((project, at) => {
				(members[project] as number[]).push(group);
				(weights[project] as number[]).push(given[at] as number);
			});
		});
		this.sizes = Float64Array.from(groups, ({ size }) => size);
		this.members = members.map((each) => Int32Array.from(each));
		this.weights = weights.map((each) => Float64Array.from(each));
		this.uniform = weights.map((each) => each.every((weight) => weight === each[0]));
		this.masses = members.map((each, project) =>
			Float64Array.from(each, (group, at) => (this.sizes[group] as number) * (weights[project]?.[at] as number)),
		);
		this.totals = this.masses.map((each) => each.reduce((sum, mass) => sum + mass, 0));
		this.supporters = members.map((each) => each.reduce((sum, group) => sum + (this.sizes[group] as number), 0));
		this.worth = costs.map((cost) => (election.rule.utility === "cost" ? cost : 1));
		const seen = new Map<string, number>();
		this.twin = costs.map((cost, project) => {
			const key = `${cost};${members[project]?.join()};${weights[project]?.join()}`;
			if (!seen.has(key)) seen.set(key, project);
			return seen.get(key) as number;
		});
	}
}

/** A run from one endowment, or over all endowments between two. */
export class Run {
	/** Projects bought, in order. */
	readonly funded = new Set<number>();
	cost = 0;
	/** Of the run that decides, with prices and ties. */
	readonly bought: Bought[] = [];

	private readonly stateOf: Int32Array;
	private readonly lows = [0, 0];
	private readonly highs = [0, 0];
	private readonly parents = [-1, -1];
	private readonly rounds = [-1, -1];
	private readonly paidFor = [0, 0]; // weight of what was bought on entering a state
	private readonly numerators: (bigint | undefined)[] = [undefined, 0n];
	private readonly numeratorAt: number[] = [0, 0]; // the scale that they are over
	private readonly purchases: Purchase[] = [];
	private readonly scales: bigint[];
	private readonly shares: bigint[] = []; // exact payment for one unit of weight, over the scale after it
	private readonly bounds: Float64Array; // no price is below; they hold for the rest of the run
	private readonly low: Float64Array; // payment for one unit of weight in this round
	private readonly high: Float64Array;
	private readonly scratch: Int32Array;
	private open: number[];

	constructor(
		private readonly market: Market,
		private readonly least: Fraction,
		private readonly most: Fraction = least,
	) {
		const { election, groups } = market;
		this.lows[0] = between(least)[0];
		this.highs[0] = between(most)[1];
		this.numerators[0] = least.p;
		this.scales = [least.q];
		this.stateOf = new Int32Array(groups.length);
		const projects = election.costs.length;
		[this.bounds, this.low, this.high] = [0, 0, 0].map(() => new Float64Array(projects)) as [
			Float64Array,
			Float64Array,
			Float64Array,
		];
		this.scratch = new Int32Array(groups.length);
		this.open = election.candidates.filter(
			(project) => market.supporters[project] && election.bar(project, this.funded) === null,
		);
	}

	/** Buys until nothing can be paid, or until it costs more than `limit`. False if floats cannot decide it for all
	 * endowments of the span. With `telling`, all prices and ties are kept for the outcome. */
	go(limit: number, telling = false): boolean {
		const { election } = this.market;
		const spans = this.most !== this.least;
		while (this.open.length > 0 && this.cost <= limit) {
			const contenders = this.contenders();
			if (contenders.length === 0) continue; // some could surely not be paid; look again at the others
			let chosen = contenders;
			let exact: Map<number, Price> | undefined;
			const sure = contenders.every((project) => this.high[project] !== Number.POSITIVE_INFINITY);
			if (telling ? contenders.length > 1 || !sure : !sure || !this.areTwins(contenders)) {
				exact = this.constants(contenders) ?? (spans ? undefined : this.exacts(contenders));
				if (exact === undefined) return false;
				if (exact.size === 0) continue;
				chosen = this.cheapest(exact);
			}
			const project = election.inOrder(chosen)[0] as number;
			this.buy(project, exact?.get(project), !spans);
			if (telling) this.bought.push({ project, price: this.priceOf(this.purchases.length - 1), tied: chosen });
		}
		return true;
	}

	/** What each group has left at the end: numerators over one denominator. */
	left(): { money: bigint[]; scale: bigint } {
		this.settle(this.purchases.length);
		const money = Array.from(this.stateOf, (state) => this.money(state, this.purchases.length));
		return { money, scale: this.scales[this.purchases.length] as bigint };
	}

	/** The projects of which one surely has the least price, as far as floats tell. Closes those that cannot be paid. */
	private contenders(): number[] {
		const { worth } = this.market;
		const fresh: number[] = [];
		const waiting = new Set(this.open);
		let best = Number.POSITIVE_INFINITY;
		for (;;) {
			let next = -1;
			for (const project of waiting) {
				if (next < 0 || (this.bounds[project] as number) < (this.bounds[next] as number)) next = project;
			}
			if (next < 0 || (this.bounds[next] as number) > best) break;
			waiting.delete(next);
			if (!this.lower(next)) {
				this.close(next);
				continue;
			}
			const value = worth[next] as number;
			this.bounds[next] = ((this.low[next] as number) / value) * (1 - 2 * EPS);
			fresh.push(next);
			this.high[next] = Number.POSITIVE_INFINITY;
			if ((this.bounds[next] as number) > best) continue;
			this.upper(next);
			best = Math.min(best, ((this.high[next] as number) / value) * (1 + 2 * EPS));
		}
		return fresh.filter((project) => (this.bounds[project] as number) <= best);
	}

	/** Finds a payment below which a project surely does not come together; false if it surely cannot be paid.
	 *
	 * Whoever is taken to give all she has: what is left of the cost, over the weight of the others, is no more than the
	 * true payment. So every step of the search gives a bound, and the last one, where all others can pay it, the best. */
	private lower(project: number): boolean {
		const { members, weights, masses, totals, sizes, election } = this.market;
		const groups = members[project] as Int32Array;
		const each = weights[project] as Float64Array;
		const massOf = masses[project] as Float64Array;
		const cost = election.costs[project] as number;
		const slack = (groups.length + 4) * EPS;
		const { scratch, stateOf, highs } = this;
		let [mass, given, count] = [totals[project] as number, 0, groups.length];
		for (let at = 0; at < count; at++) scratch[at] = at;
		let bound = 0;
		for (;;) {
			const payment = (cost - given) / mass;
			bound = Math.max(bound, ((cost - given * (1 + slack)) * (1 - 4 * EPS)) / mass);
			let kept = 0;
			for (let place = 0; place < count; place++) {
				const at = scratch[place] as number;
				const group = groups[at] as number;
				const money = highs[stateOf[group] as number] as number;
				if (money < payment * (each[at] as number)) {
					given += money * (sizes[group] as number);
					mass -= massOf[at] as number;
				} else scratch[kept++] = at;
			}
			if (kept === count) break;
			count = kept;
			if (count > 0) continue;
			if (given * (1 + slack) < cost) return false;
			break;
		}
		this.low[project] = bound;
		return true;
	}

	/** Finds a payment at which a project surely comes together; leaves it infinite if floats find none. */
	private upper(project: number): void {
		const { members, weights, masses, totals, sizes, election } = this.market;
		const groups = members[project] as Int32Array;
		const each = weights[project] as Float64Array;
		const massOf = masses[project] as Float64Array;
		const cost = election.costs[project] as number;
		const { scratch, stateOf, lows } = this;
		let [mass, given, count] = [totals[project] as number, 0, groups.length];
		for (let at = 0; at < count; at++) scratch[at] = at;
		let payment = cost / mass;
		for (;;) {
			let kept = 0;
			for (let place = 0; place < count; place++) {
				const at = scratch[place] as number;
				const group = groups[at] as number;
				const money = lows[stateOf[group] as number] as number;
				if (money < payment * (each[at] as number)) {
					given += money * (sizes[group] as number);
					mass -= massOf[at] as number;
				} else scratch[kept++] = at;
			}
			if (kept === count) break;
			count = kept;
			if (count === 0) return;
			payment = (cost - given) / mass;
		}
		const enough = payment * (1 + (groups.length + 8) * 16 * EPS);
		let sum = 0;
		for (let at = 0; at < groups.length; at++) {
			const group = groups[at] as number;
			const money = lows[stateOf[group] as number] as number;
			sum += Math.min(money, enough * (each[at] as number)) * (sizes[group] as number);
		}
		if (sum * (1 - (groups.length + 4) * EPS) >= cost) this.high[project] = enough;
	}

	private close(project: number): void {
		this.open = this.open.filter((other) => other !== project);
	}

	private areTwins([first, ...others]: number[]): boolean {
		const { twin } = this.market;
		return others.every((other) => twin[other] === twin[first as number]);
	}

	/** The prices of projects whose supporters can all pay the same part, so that money does not matter. */
	private constants(projects: number[]): Map<number, Price> | undefined {
		const { members, weights, totals, election } = this.market;
		const found = new Map<number, Price>();
		for (const project of projects) {
			const payment = this.high[project] as number;
			const each = weights[project] as Float64Array;
			const groups = members[project] as Int32Array;
			for (let at = 0; at < groups.length; at++) {
				const money = this.lows[this.stateOf[groups[at] as number] as number] as number;
				if (!(money >= payment * (each[at] as number) * (1 + 2 * EPS))) return undefined;
			}
			found.set(project, {
				rest: BigInt(election.costs[project] as number),
				mass: totals[project] as number,
				scale: 1n,
			});
		}
		return found;
	}

	/** The exact prices of those projects that can be paid; the others are closed. */
	private exacts(projects: number[]): Map<number, Price> {
		const found = new Map<number, Price>();
		for (const project of projects) {
			const supporters = this.gather(project);
			const [low, high] = [this.low[project] as number, this.high[project] as number];
			const price = this.exact(project, supporters, low, high, this.purchases.length);
			if (price) found.set(project, price);
			else this.close(project);
		}
		return found;
	}

	private cheapest(prices: Map<number, Price>): number[] {
		let chosen: number[] = [];
		let least: Fraction | undefined;
		for (const [project, price] of prices) {
			const rho = this.rho(project, price);
			const difference = least === undefined ? -1 : order(rho, least);
			if (difference < 0) [chosen, least] = [[project], rho];
			else if (difference === 0) chosen.push(project);
		}
		return chosen;
	}

	private rho(project: number, { rest, mass, scale }: Price): Fraction {
		return { p: rest, q: BigInt(mass) * scale * BigInt(this.market.worth[project] as number) };
	}

	private gather(project: number): Supporters {
		const { members, weights, sizes } = this.market;
		const places = new Map<number, Map<number, number>>();
		const gathered: Supporters = { states: [], weights: [], counts: [] };
		(members[project] as Int32Array).forEach((group, at) => {
			const state = this.stateOf[group] as number;
			const weight = weights[project]?.[at] as number;
			const known = places.get(weight) ?? new Map<number, number>();
			places.set(weight, known);
			let place = known.get(state);
			if (place === undefined) {
				place = gathered.states.length;
				known.set(state, place);
				gathered.states.push(state);
				gathered.weights.push(weight);
				gathered.counts.push(0);
			}
			gathered.counts[place] = (gathered.counts[place] as number) + (sizes[group] as number);
		});
		return gathered;
	}

	/** The exact price of a project after so many purchases; undefined if its supporters cannot pay it. */
	private exact(
		project: number,
		{ states, weights, counts }: Supporters,
		low: number,
		high: number,
		after: number,
	): Price | undefined {
		const cost = BigInt(this.market.election.costs[project] as number);
		let mass = 0;
		const short: number[] = []; // give all they have
		const unsure: number[] = [];
		states.forEach((state, place) => {
			const weight = weights[place] as number;
			if ((this.highs[state] as number) <= low * weight * (1 - 2 * EPS)) short.push(place);
			else {
				mass += weight * (counts[place] as number);
				if (!((this.lows[state] as number) >= high * weight * (1 + 2 * EPS))) unsure.push(place);
			}
		});
		if (short.length === 0 && unsure.length === 0) return { rest: cost, mass, scale: 1n };
		this.settle(after);
		const scale = this.scales[after] as bigint;
		let rest = cost * scale;
		const give = (place: number): void => {
			rest -= this.money(states[place] as number, after) * BigInt(counts[place] as number);
		};
		short.forEach(give);
		let waiting = unsure;
		while (mass > 0) {
			const whole = BigInt(mass);
			const [part, poor] = [rest, [] as number[]];
			waiting = waiting.filter((place) => {
				const paid = this.money(states[place] as number, after) * whole >= part * BigInt(weights[place] as number);
				if (!paid) poor.push(place);
				return paid;
			});
			if (poor.length === 0) return { rest, mass, scale };
			for (const place of poor) {
				give(place);
				mass -= (weights[place] as number) * (counts[place] as number);
			}
		}
		return undefined;
	}

	/** Works out the exact payments of the purchases before a number of them. */
	private settle(after: number): void {
		for (let round = this.shares.length; round < after; round++) {
			const { project, supporters, low, high, price } = this.purchases[round] as Purchase;
			const scale = this.scales[round] as bigint;
			const exact = price ?? this.exact(project, supporters, low, high, round);
			if (exact === undefined) throw new Error("a project was bought that cannot be paid");
			const rest = exact.rest * (scale / exact.scale);
			const mass = BigInt(exact.mass);
			let [a, b] = [mass, rest % mass];
			while (b !== 0n) [a, b] = [b, a % b];
			this.scales.push(scale * (mass / a));
			this.shares.push(rest / a);
		}
	}

	/** The exact money of a state, over the scale after so many purchases; these must be settled. */
	private money(state: number, after: number): bigint {
		const round = this.rounds[state] as number;
		let numerator = this.numerators[state];
		if (numerator === undefined) {
			const before = this.money(this.parents[state] as number, round + 1);
			const rest = before - (this.shares[round] as bigint) * BigInt(this.paidFor[state] as number);
			numerator = rest > 0n ? rest : 0n;
			this.numeratorAt[state] = round + 1;
		}
		const at = this.numeratorAt[state] as number;
		if (at !== after && numerator !== 0n && after > at)
			numerator *= (this.scales[after] as bigint) / (this.scales[at] as bigint);
		if (at < after) this.numeratorAt[state] = after;
		else if (at > after && numerator !== 0n)
			return numerator / ((this.scales[at] as bigint) / (this.scales[after] as bigint));
		this.numerators[state] = numerator;
		return numerator;
	}

	private buy(project: number, price: Price | undefined, keep: boolean): void {
		const { members, weights, uniform, election } = this.market;
		let [low, high] = [this.low[project] as number, this.high[project] as number];
		if (price) {
			const [under, over] = between({ p: price.rest, q: BigInt(price.mass) * price.scale });
			[low, high] = [Math.max(low, under), Math.min(high, over)];
		}
		const round = this.purchases.length;
		const supporters = keep ? this.gather(project) : { states: [], weights: [], counts: [] };
		this.purchases.push({ project, supporters, low, high, price });
		const groups = members[project] as Int32Array;
		const each = weights[project] as Float64Array;
		const byWeight = new Map<number, Int32Array>();
		const room = (): Int32Array => new Int32Array(this.lows.length);
		let entered = room(); // by state the one that follows, 0 as long as nobody came from it
		for (let at = 0; at < groups.length; at++) {
			const group = groups[at] as number;
			const state = this.stateOf[group] as number;
			if (state === ZERO) continue;
			const weight = each[at] as number;
			if (!uniform[project]) {
				entered = byWeight.get(weight) ?? room();
				byWeight.set(weight, entered);
			}
			if (entered[state] === 0) entered[state] = this.enter(state, round, weight, low, high, keep);
			this.stateOf[group] = entered[state] as number;
		}
		this.funded.add(project);
		this.cost += election.costs[project] as number;
		this.open = this.open.filter((other) => !this.funded.has(other) && election.bar(other, this.funded) === null);
	}

	/** The state of those who were in another one and pay for a weight. */
	private enter(state: number, round: number, weight: number, low: number, high: number, keep: boolean): number {
		const most = (this.highs[state] as number) - low * weight * (1 - EPS);
		if (most <= 0) return ZERO;
		const least = (this.lows[state] as number) - high * weight * (1 + EPS);
		this.lows.push(least > 0 ? least * (1 - EPS) : 0);
		this.highs.push(most * (1 + EPS));
		if (keep) {
			this.parents.push(state);
			this.rounds.push(round);
			this.paidFor.push(weight);
			this.numerators.push(undefined);
			this.numeratorAt.push(0);
		}
		return this.lows.length - 1;
	}

	private priceOf(round: number): Fraction {
		this.settle(round + 1);
		const { project } = this.purchases[round] as Purchase;
		const worth = BigInt(this.market.worth[project] as number);
		return { p: this.shares[round] as bigint, q: (this.scales[round + 1] as bigint) * worth };
	}
}
