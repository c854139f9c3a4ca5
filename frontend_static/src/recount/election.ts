// What all rules need of a contest: votes and scores, who takes part, what may not stand together, tie order.
import { compare, h32, hex, unb64u, utf8 } from "../crypto/bytes";
import type { Json } from "../crypto/canonical";
import type { Ballot, Contest, Criterion, Measure, Rule, Utility, Why } from "./contest";
import { fraction } from "./fractions";

/** Ballots that say the same, counted once: what they name in their order, and the values that stand beside it. */
interface Alike {
	size: number;
	named: number[];
	values: number[];
}

/** Equal ballots and what each supported project is worth to them, as far as that differs from the project's cost. */
export interface Group {
	size: number;
	projects: number[];
	weights: number[];
}

export class Election {
	readonly rule: Rule;
	readonly costs: number[];
	readonly votes: number[];
	readonly size: number;
	readonly mandatory: ReadonlySet<number>;
	/** What mandatory projects leave of the budget. */
	readonly budget: number;
	/** Why, by project, of those with too few votes for their cost. */
	readonly refused: Map<number, Why>;
	/** Projects that the rule decides about. */
	readonly candidates: number[];
	/** Place of each project in the tie order. */
	readonly place: number[];
	private readonly alike: Alike[];
	private readonly drawn: string[];

	constructor(
		readonly contest: Contest,
		ballots: Ballot[],
	) {
		this.rule = contest.rule;
		this.costs = contest.pro.map(([, cost]) => cost);
		this.size = ballots.length;
		this.alike = alike(ballots);
		this.votes = this.sum(() => 1);
		this.mandatory = new Set(this.rule.mandatory);
		this.budget = contest.budget - this.cost(this.mandatory);
		this.refused = this.tooFewVotes();
		const projects = this.costs.map((_, project) => project);
		this.candidates = projects.filter((project) => !this.mandatory.has(project) && !this.refused.has(project));
		this.drawn = this.draw();
		this.place = [];
		this.sorted(projects, this.rule.ties).forEach((project, place) => {
			this.place[project] = place;
		});
	}

	cost(projects: Iterable<number>): number {
		let sum = 0;
		for (const project of projects) sum += this.costs[project] as number;
		return sum;
	}

	/** The score of every project. */
	scores(by: Measure): number[] {
		if (by === "votes") return this.votes;
		return this.sum(({ named, values }, at) => (by === "points" ? (values[at] as number) : named.length - 1 - at));
	}

	/** Ballots by the projects that they support and what these are worth to them; the blank ones are left out. */
	groups(utility: Utility): Group[] {
		const found = new Map<string, Group>();
		for (const { size, named, values } of this.alike) {
			const pairs = named
				.map((project, at): [number, number] => {
					if (utility === "points") return [project, values[at] as number];
					return [project, utility === "borda" ? named.length - 1 - at : 1];
				})
				.filter(([, weight]) => weight > 0)
				.sort(([one], [other]) => one - other);
			const key = pairs.join();
			const group = found.get(key);
			if (group) group.size += size;
			else if (pairs.length > 0)
				found.set(key, { size, projects: pairs.map(([p]) => p), weights: pairs.map(([, w]) => w) });
		}
		return [...found.values()];
	}

	/** How many ballots name more of one set than of another, and the other way round. */
	preferences(one: Set<number>, other: Set<number>): [number, number] {
		const count = [0, 0] as [number, number];
		for (const { size, named } of this.alike) {
			const [here, there] = [one, other].map((set) => named.filter((project) => set.has(project)).length) as number[];
			if ((here as number) > (there as number)) count[0] += size;
			if ((here as number) < (there as number)) count[1] += size;
		}
		return count;
	}

	blank(): number {
		return this.alike.reduce((sum, { size, named }) => sum + (named.length === 0 ? size : 0), 0);
	}

	/** Why a project must not be funded beside others, by an exclusive set or a category; null if it may. */
	bar(project: number, funded: Set<number>): Why | null {
		const { exclusive, categories } = this.rule;
		return exclusive || categories ? this.barred(project, funded) : null;
	}

	private barred(project: number, funded: Set<number>): Why | null {
		const { exclusive = [], categories = [] } = this.rule;
		const stands = (other: number): boolean => funded.has(other) || this.mandatory.has(other);
		const rivals = exclusive
			.filter((set) => set.includes(project))
			.flat()
			.filter((other) => other !== project && stands(other));
		if (rivals.length > 0) return { c: "exclusive", by: Math.min(...rivals) };
		for (const { i, budget } of categories) {
			if (!i.includes(project)) continue;
			const left = budget - this.cost(i.filter(stands));
			if ((this.costs[project] as number) > left) return { c: "category", left };
		}
		return null;
	}

	/** Projects that are otherwise equal, in tie order. */
	inOrder(projects: Iterable<number>): number[] {
		return [...projects].sort((one, other) => (this.place[one] as number) - (this.place[other] as number));
	}

	/** The record of a tie: the order decided, the first criteria that decide it, and where it was met. */
	tie(projects: Iterable<number>, at: { [field: string]: Json }): Json {
		const ordered = this.inOrder(projects);
		const { ties } = this.rule;
		const strict = (length: number): boolean =>
			ordered.every(
				(project, next) => next === 0 || this.by(ties.slice(0, length), ordered[next - 1] as number, project),
			);
		const length = ties.findIndex((_, last) => strict(last + 1)) + 1;
		return { order: ordered, by: ties.slice(0, length), ...at };
	}

	private by(criteria: Criterion[], one: number, other: number): boolean {
		return criteria.some((criterion) => this.compare(criterion, one, other) !== 0);
	}

	private sorted(projects: number[], criteria: Criterion[]): number[] {
		const ranked = (one: number, other: number): number => {
			for (const criterion of criteria) {
				const difference = this.compare(criterion, one, other);
				if (difference !== 0) return difference;
			}
			return 0;
		};
		return [...projects].sort(ranked);
	}

	private compare(criterion: Criterion, one: number, other: number): number {
		const by = (values: number[]): number => (values[one] as number) - (values[other] as number);
		if (criterion === "cost") return by(this.costs);
		if (criterion === "cost_desc") return -by(this.costs);
		if (criterion === "votes") return -by(this.votes);
		const texts = criterion === "draw" ? this.drawn : this.contest.pro.map(([id]) => id);
		return compare(utf8(texts[one] as string), utf8(texts[other] as string)); // as code points, not as UTF-16
	}

	private draw(): string[] {
		if (!this.rule.draw) return [];
		const seed = unb64u(this.rule.draw.seed, 32);
		return this.contest.pro.map(([id]) => hex(h32("pb/draw", seed, utf8(this.contest.id), utf8(id))));
	}

	private sum(value: (ballot: Alike, at: number) => number): number[] {
		const sums = this.costs.map(() => 0);
		for (const ballot of this.alike)
			ballot.named.forEach((project, at) => {
				sums[project] = (sums[project] as number) + ballot.size * value(ballot, at);
			});
		return sums;
	}

	private tooFewVotes(): Map<number, Why> {
		const { p, q } = fraction(this.rule.per_cost ?? "0");
		const worth = BigInt(this.contest.budget) * q;
		const refused = new Map<number, Why>();
		this.costs.forEach((cost, project) => {
			const asked = p * BigInt(cost) * BigInt(this.size);
			if (this.mandatory.has(project) || BigInt(this.votes[project] as number) * worth >= asked) return;
			const threshold = worth === 0n ? this.size + 1 : Number((asked + worth - 1n) / worth);
			refused.set(project, { c: "below_threshold", threshold });
		});
		return refused;
	}
}

function alike(ballots: Ballot[]): Alike[] {
	const found = new Map<string, Alike>();
	for (const ballot of ballots) {
		const key = ballot.join();
		const known = found.get(key);
		if (known) known.size += 1;
		else
			found.set(key, {
				size: 1,
				named: ballot.map((entry) => (typeof entry === "number" ? entry : entry[0])),
				values: ballot.map((entry) => (typeof entry === "number" ? 1 : entry[1])),
			});
	}
	return [...found.values()];
}
