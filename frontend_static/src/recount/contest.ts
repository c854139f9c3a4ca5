// A contest as the manifest fixes it, and what its ballots say (docs/schemas/bundle.md sections 4, 6 and 8).
import type { Json } from "../crypto/canonical";
import type { Ballot, Format, Limits } from "../crypto/payload";

export type { Ballot };

/** A field stands where section 8 has it for the rule of this name. */
export interface Rule {
	name: "greedy" | "equal_shares" | "phragmen" | "max_welfare";
	ties: Criterion[];
	draw?: { lot: string; seed: string };
	per_cost?: string;
	mandatory?: number[];
	exclusive?: number[][];
	categories?: { i: number[]; budget: number }[];
	by?: Measure;
	skip?: boolean;
	density?: true;
	threshold?: number;
	utility?: Utility;
	completion?: "none" | "add_one" | "percent" | "phragmen";
	step?: number;
	start?: "exact" | "floor";
	stop?: "exhaustive" | "exhaustive_all" | "overspend";
	percent?: number;
	then?: "greedy";
	compare?: "greedy";
	unsupported?: boolean;
}

export type Criterion = "cost" | "cost_desc" | "votes" | "draw" | "id";
export type Measure = "votes" | "points" | "borda";
export type Utility = "cost" | "cardinality" | "points" | "borda";

export interface Contest {
	id: string;
	fmt: Format;
	/** Id and cost, in minor units. */
	pro: [string, number][];
	budget: number;
	limits: Limits;
	rule: Rule;
	/** Minor units in one unit of currency. */
	unit: number;
}

/** Why a project won or lost, as the outcome says it. */
export type Why = { [field: string]: Json };

/** What a rule decides of a contest. */
export interface Count {
	won: Set<number>;
	why: Map<number, Why>;
	scores: number[];
	/** Fields of the outcome: `steps`, `ties`, and those that belong to the rule. */
	fields: { [name: string]: Json };
}

/** Called between parts of a long count with how far it is; may throw to end it. */
export type Progress = (increments: number) => void;
