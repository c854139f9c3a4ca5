// Method of Equal Shares with its completions (docs/rules.md), as the outcome tells it. One run is in `market.ts`.
import type { Json } from "../crypto/canonical";
import type { Count, Progress, Rule, Why } from "./contest";
import type { Election, Group } from "./election";
import { type Fraction, spell } from "./fractions";
import { inLine, sharing, step, turns } from "./greedy";
import { Market, Run } from "./market";
import { type Burden, loadRounds } from "./phragmen";

interface Result {
	increments: number;
	stop: string;
}

/** The rule `equal_shares`, without the comparison with greedy. */
export function equalShares(election: Election, progress: Progress): Count {
	const { rule, costs, budget } = election;
	const utility = rule.utility ?? "cost";
	const groups = election.groups(utility);
	const market = new Market(election, groups);
	const raising = raisingOf(election);
	const { increments, stop } = complete(market, raising, progress);
	const endowment = raising.at(increments);
	const run = new Run(market, endowment);
	run.go(budget, true);

	const why = new Map<number, Why>();
	const ties: Json[] = [];
	let left = budget;
	const steps = run.bought.map(({ project, price, tied }, at): Json => {
		left -= costs[project] as number;
		const text = spell(price);
		why.set(project, { c: "bought", round: at + 1, price: text });
		if (tied.length > 1) ties.push(election.tie(tied, { round: at + 1 }));
		return { i: project, price: text, supporters: market.supporters[project] as number, left };
	});
	const won = new Set(run.funded);
	const fields: Count["fields"] = { endowment: spell(endowment), increments, stop, steps, ties };

	if (rule.completion === "phragmen") {
		const open = election.candidates.filter((project) => !won.has(project));
		const rounds = loadRounds(election, groups, paid(groups, run, endowment), open, won, left, false);
		rounds.steps.forEach(({ i }, at) => {
			const project = i as number;
			won.add(project);
			left -= costs[project] as number;
			why.set(project, rounds.why.get(project) as Why);
			const tied = rounds.tied.get(at + 1);
			if (tied) ties.push(election.tie(tied, { round: steps.length + at + 1 }));
		});
		fields.after = rounds.steps;
	}
	for (const [project, reason] of lost(market, run, won)) why.set(project, reason);
	const scores = election.scores(utility === "points" || utility === "borda" ? utility : "votes");
	if (rule.then) {
		const waiting = election.candidates.filter((project) => !won.has(project));
		const ordered = inLine(election, waiting, scores);
		const done = turns(election, ordered, left, won, true);
		for (const { i, ok } of done) if (ok) won.add(i);
		done.forEach(({ i, ok, left: money }, at) => {
			const rank = at + 1;
			const bar = ok ? null : election.bar(i, won);
			if (ok) why.set(i, { c: "added", rank, left: money });
			else why.set(i, bar ? { ...bar, rank } : { ...(why.get(i) as Why), rank, left: money });
		});
		// biome-ignore lint/suspicious/noThenProperty: the name of the field in the outcome
		fields.then = done.map(step);
		ties.push(...sharing(election, ordered, scores));
	}
	return { won, why, scores, fields };
}

/** Raises everybody's money step by step until the rule says stop; the run of the result is not kept. */
function complete(market: Market, raising: Raising, progress: Progress): Result {
	const { election } = market;
	const { budget } = election;
	if (!raising.raises) return { increments: 0, stop: "fixed" };
	const supported = new Set(election.candidates.filter((project) => market.supporters[project]));
	const tested = raising.stop === "exhaustive_all" ? election.candidates : [...supported];
	let increments = 0;
	let stride = 0; // how many further steps one run stands for; without any, whole numbers decide what floats cannot
	for (;;) {
		progress(increments);
		const run =
			stride > 0
				? new Run(market, raising.at(increments), raising.at(increments + stride))
				: new Run(market, raising.at(increments));
		if (!run.go(budget)) {
			stride = Math.floor(stride / 4);
			continue;
		}
		if (run.cost > budget) return { increments: increments - 1, stop: "overspend" };
		const wanted = tested.filter((project) => !run.funded.has(project) && election.bar(project, run.funded) === null);
		const left = budget - run.cost;
		if (raising.stop !== "overspend" && !wanted.some((project) => (election.costs[project] as number) <= left))
			return { increments, stop: "exhaustive" };
		if (!wanted.some((project) => supported.has(project))) return { increments, stop: "all" };
		increments += stride + 1;
		stride = Math.max(1, 2 * stride);
	}
}

interface Raising {
	raises: boolean;
	stop: Rule["stop"];
	/** What every ballot has after so many increments. */
	at: (increments: number) => Fraction;
}

function raisingOf({ rule, budget, size, contest }: Election): Raising {
	const [whole, ballots] = [BigInt(budget), BigInt(size)];
	const raises = size > 0 && (rule.completion === "add_one" || rule.completion === "percent");
	if (!raises) return { raises, stop: undefined, at: () => (size > 0 ? { p: whole, q: ballots } : { p: 0n, q: 1n }) };
	if (rule.completion === "percent") {
		const percent = BigInt(rule.percent ?? 1);
		const at = (increments: number): Fraction => ({
			p: whole * (100n + BigInt(increments) * percent),
			q: 100n * ballots,
		});
		return { raises, stop: "exhaustive_all", at };
	}
	const [unit, each] = [BigInt(contest.unit), BigInt(rule.step ?? 1)];
	const start = rule.start === "floor" ? { p: (whole / (ballots * unit)) * unit, q: 1n } : { p: whole, q: ballots };
	return {
		raises,
		stop: rule.stop,
		at: (increments) => ({ p: start.p + BigInt(increments) * each * start.q, q: start.q }),
	};
}

/** What each group has paid in a run. */
function paid(groups: Group[], run: Run, endowment: Fraction): Burden {
	const { money, scale } = run.left();
	const whole = (endowment.p * scale) / endowment.q;
	return { carried: groups.map((_, group) => whole - (money[group] as bigint)), scale };
}

/** Why each candidate that was not funded lost. */
function lost(market: Market, run: Run, won: Set<number>): Map<number, Why> {
	const { election, members, sizes } = market;
	const found = new Map<number, Why>();
	const { money, scale } = run.left();
	for (const project of election.candidates) {
		if (won.has(project)) continue;
		let sum = 0n;
		for (const group of members[project] as Int32Array)
			sum += BigInt(sizes[group] as number) * (money[group] as bigint);
		const short: Why = { c: "short", money: spell({ p: sum, q: scale }) };
		const reason: Why = market.supporters[project] ? short : { c: "unsupported" };
		found.set(project, election.bar(project, won) ?? reason);
	}
	return found;
}
