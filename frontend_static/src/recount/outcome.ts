// The outcome of a contest, counted a third time: sections 7 and 8 of docs/schemas/bundle.md.
import type { Json } from "../crypto/canonical";
import { breaches, type Shape } from "../crypto/payload";
import type { Ballot, Contest, Count, Progress } from "./contest";
import { Election } from "./election";
import { greedy } from "./greedy";
import { phragmen } from "./phragmen";
import { equalShares } from "./shares";

/** Whether this program can count a rule. A proven optimum of `max_welfare` is left to `pb-verify`. */
export const isCounted = ({ rule }: Contest): boolean => rule.name !== "max_welfare";

/** The document that `outcomes/<contest>.json` must hold. `eid` as it stands there; `progress` may throw to end it. */
export function outcomeOf(contest: Contest, eid: string, ballots: Ballot[], progress: Progress = () => {}): Json {
	const election = new Election(contest, ballots);
	const { won, why, scores, fields } = count(election, progress);
	for (const [project, reason] of election.refused) why.set(project, reason);
	for (const project of election.mandatory) {
		won.add(project);
		why.set(project, { c: "mandatory" });
	}
	return {
		v: 1,
		e: eid,
		d: contest.id,
		counts: { ballots: ballots.length, blank: election.blank(), over: over(contest, ballots) },
		budget: contest.budget,
		cost: election.cost(won),
		winners: ascending(won),
		projects: election.votes.map((votes, project) => ({
			votes,
			score: scores[project] as number,
			won: won.has(project),
			why: why.get(project) as Json,
		})),
		...fields,
	};
}

function count(election: Election, progress: Progress): Count {
	const { rule } = election;
	if (rule.name === "greedy") return greedy(election, rule);
	if (rule.name === "phragmen") return phragmen(election);
	if (rule.name === "max_welfare") throw new Error("maximum welfare is not counted here");
	const found = equalShares(election, progress);
	return rule.compare ? compared(election, found) : found;
}

/** The outcome found, or that of greedy by votes if more ballots name more of its winners. */
function compared(election: Election, found: Count): Count {
	const other = greedy(election, { by: "votes", skip: true });
	const [forFound, forOther] = election.preferences(found.won, other.won);
	const [taken, rest] = forOther > forFound ? [other, found] : [found, other];
	const winners = new Set([...rest.won, ...election.mandatory]);
	const compare = {
		equal_shares: forFound,
		greedy: forOther,
		taken: taken === found ? "equal_shares" : "greedy",
		cost: election.cost(winners),
		other: ascending(winners),
	};
	return { ...taken, fields: { ...taken.fields, compare } };
}

function over({ fmt, limits, pro }: Contest, ballots: Ballot[]): number {
	const shape: Shape = { fmt, limits, costs: pro.map(([, cost]) => cost), enc: 0, width: 0 };
	return ballots.filter((ballot) => breaches(ballot, shape).length > 0).length;
}

const ascending = (numbers: Iterable<number>): number[] => [...numbers].sort((one, other) => one - other);
