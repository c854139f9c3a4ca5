// Greedy: projects have their turn in the order of their score, or of score for cost (docs/rules.md).
import type { Json } from "../crypto/canonical";
import type { Count, Rule, Why } from "./contest";
import type { Election } from "./election";
import { spell } from "./fractions";

/** One turn: the money left before it, whether the project was funded, and what barred it. */
export interface Turn {
	i: number;
	left: number;
	ok: boolean;
	bar: Why | null;
}

/** The rule `greedy`, with the fields given. */
export function greedy(election: Election, rule: Pick<Rule, "by" | "skip" | "density" | "threshold">): Count {
	const scores = election.scores(rule.by ?? "votes");
	const why = new Map<number, Why>();
	const { threshold } = rule;
	const standing = election.candidates.filter((project) => {
		const out = threshold !== undefined && (scores[project] as number) < threshold;
		if (out) why.set(project, { c: "below_threshold", threshold });
		return !out;
	});
	const divisors = rule.density ? election.costs : undefined;
	const ordered = inLine(election, standing, scores, divisors);
	const done = turns(election, ordered, election.budget, new Set(), rule.skip === true);
	const won = new Set(done.filter(({ ok }) => ok).map(({ i }) => i));
	const last = done.at(-1);
	ordered.forEach((project, at) => {
		const turn = done[at];
		const rank = at + 1;
		if (turn === undefined) why.set(project, { c: "stopped", rank, by: last?.i ?? 0 });
		else if (turn.bar) why.set(project, { ...turn.bar, rank });
		else why.set(project, { c: turn.ok ? "chosen" : "too_dear", rank, left: turn.left });
	});
	return { won, why, scores, fields: { steps: done.map(step), ties: sharing(election, ordered, scores, divisors) } };
}

/** Projects by score, or by score for each unit of a divisor, higher first; equal ones in tie order. */
export function inLine(election: Election, projects: number[], scores: number[], divisors?: number[]): number[] {
	const ahead = (one: number, other: number): number => {
		const a = BigInt(scores[one] as number) * BigInt(divisors?.[other] ?? 1);
		const b = BigInt(scores[other] as number) * BigInt(divisors?.[one] ?? 1);
		return a < b ? 1 : a > b ? -1 : 0;
	};
	return election.inOrder(projects).sort(ahead);
}

/** The turns of projects in line. Without `skip` counting ends at the first that does not fit. */
export function turns(
	election: Election,
	ordered: number[],
	money: number,
	before: ReadonlySet<number>,
	skip: boolean,
): Turn[] {
	const funded = new Set(before);
	const done: Turn[] = [];
	let left = money;
	for (const i of ordered) {
		const bar = election.bar(i, funded);
		const cost = election.costs[i] as number;
		const ok = bar === null && cost <= left;
		done.push({ i, left, ok, bar });
		if (ok) {
			funded.add(i);
			left -= cost;
		} else if (!skip && bar === null) break;
	}
	return done;
}

/** A turn as the outcome has it. */
export const step = ({ i, left, ok }: Turn): Json => ({ i, left, ok });

/** The ties of projects in line: each score, or quotient, that two or more of them share. */
export function sharing(election: Election, ordered: number[], scores: number[], divisors?: number[]): Json[] {
	const shared = new Map<string, number[]>();
	for (const project of ordered) {
		const key = spell({ p: BigInt(scores[project] as number), q: BigInt(divisors?.[project] ?? 1) });
		shared.set(key, [...(shared.get(key) ?? []), project]);
	}
	return [...shared]
		.filter(([, projects]) => projects.length > 1)
		.map(([key, projects]) => election.tie(projects, divisors ? { density: key } : { score: Number(key) }));
}
