// Sequential Phragmen: what burdens its supporters least goes first (docs/rules.md). Exact: loads are whole numbers
// over one denominator, and all supporters of a funded project carry the same afterwards.
import type { Json } from "../crypto/canonical";
import type { Count, Why } from "./contest";
import type { Election, Group } from "./election";
import { type Fraction, gcd, spell } from "./fractions";

/** What the groups carry at first: numerators over one denominator. */
export interface Burden {
	carried: bigint[];
	scale: bigint;
}

export interface Rounds {
	steps: { [field: string]: Json }[];
	/** Projects tied in each round in which two or more were, by round from 1. */
	tied: Map<number, number[]>;
	/** Why of those funded, without mandatory ones. */
	why: Map<number, Why>;
	/** The load at the end of each project that still has one. */
	loads: Map<number, string>;
}

/** The rule `phragmen`. */
export function phragmen(election: Election): Count {
	const groups = election.groups("cardinality");
	const { budget, costs } = election;
	const beyond = election.candidates.filter((project) => (costs[project] as number) > budget);
	const open = election.candidates.filter((project) => !beyond.includes(project));
	const start = { carried: groups.map(() => 0n), scale: 1n };
	const rounds = loadRounds(election, groups, start, open, new Set(), budget, election.rule.unsupported === true);
	const won = new Set(rounds.why.keys());
	const why = new Map<number, Why>(rounds.why);
	for (const project of election.candidates) {
		if (won.has(project)) continue;
		if (beyond.includes(project)) why.set(project, { c: "beyond", left: budget });
		else {
			const load = rounds.loads.get(project);
			const lost: Why = load === undefined ? { c: "unsupported" } : { c: "late", load };
			why.set(project, election.bar(project, won) ?? lost);
		}
	}
	const ties = [...rounds.tied].map(([round, projects]) => election.tie(projects, { round }));
	return { won, why, scores: election.votes, fields: { steps: rounds.steps, ties } };
}

/** Rounds of Phragmen over open projects, beside those funded before, while the money lasts. */
export function loadRounds(
	election: Election,
	groups: Group[],
	start: Burden,
	candidates: number[],
	before: ReadonlySet<number>,
	money: number,
	unsupported: boolean,
): Rounds {
	const funded = new Set(before);
	const supporters = election.costs.map(() => 0);
	const own = election.costs.map(() => 0n); // what supporters carry who have carried nothing of these rounds
	const members: number[][] = election.costs.map(() => []);
	groups.forEach(({ size, projects }, group) => {
		for (const project of projects) {
			supporters[project] = (supporters[project] as number) + size;
			own[project] = (own[project] as bigint) + BigInt(size) * (start.carried[group] as bigint);
			(members[project] as number[]).push(group);
		}
	});
	// By project: how many supporters took their load in which round; by group: the round, -1 before any.
	const taken: Map<number, number>[] = election.costs.map(() => new Map());
	const lastRound = groups.map(() => -1);
	const carried: bigint[] = []; // the load that each round gave, over `scale`
	let scale = start.scale;
	let left = money;
	const steps: Rounds["steps"] = [];
	const tied: Rounds["tied"] = new Map();
	const why: Rounds["why"] = new Map();

	/** What the cost and the loads of the supporters come to, over `scale` times their number. */
	const burden = (project: number): Fraction => {
		let p = BigInt(election.costs[project] as number) * scale + (own[project] as bigint);
		for (const [round, number] of taken[project] as Map<number, number>)
			p += BigInt(number) * (carried[round] as bigint);
		return { p, q: BigInt(supporters[project] as number) };
	};
	const open = (): number[] =>
		candidates.filter((project) => !funded.has(project) && election.bar(project, funded) === null);
	/** The first of equals, unless one of them does not fit. */
	const first = (equals: number[]): number | undefined =>
		equals.some((project) => (election.costs[project] as number) > left) ? undefined : election.inOrder(equals)[0];

	for (;;) {
		const waiting = open();
		let equals = waiting.filter((project) => supporters[project]);
		let load: Fraction | undefined;
		if (equals.length === 0) {
			if (!unsupported || waiting.length === 0) break;
			equals = waiting;
		} else {
			const burdens = equals.map((project): [number, Fraction] => [project, burden(project)]);
			const least = burdens.map(([, each]) => each).reduce((a, b) => (b.p * a.q < a.p * b.q ? b : a));
			equals = burdens.filter(([, { p, q }]) => p * least.q === least.p * q).map(([project]) => project);
			load = least;
		}
		const i = first(equals);
		if (i === undefined) break;
		funded.add(i);
		left -= election.costs[i] as number;
		const round = steps.length + 1;
		if (equals.length > 1) tied.set(round, equals);
		if (load === undefined) {
			steps.push({ i, supporters: 0, left });
			why.set(i, { c: "loaded", round });
			continue;
		}
		const text = spell({ p: load.p, q: load.q * scale });
		steps.push({ i, load: text, supporters: supporters[i] as number, left });
		why.set(i, { c: "loaded", round, load: text });
		const factor = load.q / gcd(load.p, load.q);
		for (const group of members[i] as number[]) {
			const { size, projects } = groups[group] as Group;
			const last = lastRound[group] as number;
			for (const project of projects) {
				const counts = taken[project] as Map<number, number>;
				counts.set(round - 1, (counts.get(round - 1) ?? 0) + size);
				if (last < 0) {
					const mine = BigInt(size) * (start.carried[group] as bigint) * (scale / start.scale);
					own[project] = (own[project] as bigint) - mine;
				} else counts.set(last, (counts.get(last) as number) - size);
			}
			lastRound[group] = round - 1;
		}
		scale *= factor;
		for (const [at, each] of own.entries()) own[at] = each * factor;
		for (const [at, each] of carried.entries()) carried[at] = each * factor;
		carried[round - 1] = (load.p * factor) / load.q;
	}
	const loads = new Map<number, string>();
	for (const project of candidates) {
		if (funded.has(project) || !supporters[project]) continue;
		const { p, q } = burden(project);
		loads.set(project, spell({ p, q: q * scale }));
	}
	return { steps, tied, why, loads };
}
