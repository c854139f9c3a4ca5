// The manifest: what was fixed before anybody voted, as far as counting needs it (docs/schemas/bundle.md section 4).
import { b64u, crockford, h32, same, unb64u, utf8 } from "../crypto/bytes";
import { decode, type Json } from "../crypto/canonical";
import type { Contest, Rule } from "./contest";
import { fraction } from "./fractions";
import { holds, Wrong } from "./wrong";

/** A contest with what its sealed ballots need, and the hash of its list of projects. */
export interface ListedContest extends Contest {
	list: string;
	enc: number;
	width: number;
}

export interface Manifest {
	eid: string;
	/** What posters and minutes show of a round. */
	fingerprint: string;
	mode: string;
	sealed: boolean;
	origin: string;
	logKey: Uint8Array;
	operatorKey: Uint8Array;
	witnesses: string[];
	quorum: number;
	contests: ListedContest[];
}

type Fields = { [field: string]: Json };
type Test = (value: Json) => boolean;

const isCount: Test = (value) => typeof value === "number" && value >= 0;
const isFlag: Test = (value) => typeof value === "boolean";
const oneOf =
	(...allowed: string[]): Test =>
	(value) =>
		typeof value === "string" && allowed.includes(value);
const isWhole: Test = (value) => typeof value === "number";
const between =
	(least: number, most: number): Test =>
	(value) =>
		typeof value === "number" && value >= least && value <= most;
const listOf =
	(test: Test, least = 1): Test =>
	(value) =>
		Array.isArray(value) && value.length >= least && value.every(test);
const isRate: Test = (value) => typeof value === "string" && /^[1-9][0-9]{0,14}(\/[1-9][0-9]{0,14})?$/.test(value);

const CRITERIA = oneOf("cost", "cost_desc", "votes", "draw", "id");
const COMMON: { [field: string]: Test } = {
	ties: listOf(CRITERIA),
	draw: (value) => typeof value === "object" && typeof (value as Fields).lot === "string",
	per_cost: isRate,
	mandatory: listOf(isCount),
	exclusive: listOf(listOf(isCount, 2)),
	categories: listOf(
		(value) => listOf(isCount)((value as Fields).i as Json) && isCount((value as Fields).budget as Json),
	),
};
/** For each rule its fields, those that may be left out with `?` behind the name. */
const RULES: { [name: string]: { [field: string]: Test } } = {
	greedy: {
		by: oneOf("votes", "points", "borda"),
		skip: isFlag,
		"density?": (value) => value === true,
		"threshold?": isWhole,
	},
	equal_shares: {
		utility: oneOf("cost", "cardinality", "points", "borda"),
		completion: oneOf("none", "add_one", "percent", "phragmen"),
		"step?": between(1, Number.MAX_SAFE_INTEGER),
		"start?": oneOf("exact", "floor"),
		"stop?": oneOf("exhaustive", "exhaustive_all", "overspend"),
		"percent?": between(1, 100),
		"then?": oneOf("greedy"),
		"compare?": oneOf("greedy"),
	},
	phragmen: { unsupported: isFlag },
	max_welfare: { utility: oneOf("cost", "cardinality", "points", "borda"), "threshold?": isWhole },
};
/** Fields of Equal Shares that belong to a completion. */
const COMPLETION: { [name: string]: string[] } = { add_one: ["step", "start", "stop"], percent: ["percent"] };

/** The manifest in these bytes. Throws Wrong at the field that cannot be counted by. */
export function readManifest(data: Uint8Array): Manifest {
	const value = holds("manifest", "manifest.json", () => decode(data) as Fields);
	const eid = h32("pb/manifest", data);
	return holds("manifest", "manifest.json", () => {
		const [log, operator] = value.keys as Fields[];
		if (value.v !== 1 || log?.role !== "log" || operator?.role !== "operator") throw new Error("keys log and op");
		const wit = value.wit as { k: number; vkeys: string[] };
		const contests = (value.contests as Fields[]).map((contest, at) => contestOf(contest, value.unit, at));
		if (contests.length === 0 || new Set(contests.map(({ id }) => id)).size !== contests.length)
			throw new Error("contests");
		return {
			eid: b64u(eid),
			fingerprint: crockford(eid.subarray(0, 16)),
			mode: String(value.mode),
			sealed: value.mode !== "open",
			origin: String(value.origin),
			logKey: unb64u(String(log.pk), 32),
			operatorKey: unb64u(String(operator.pk), 32),
			witnesses: wit.vkeys,
			quorum: wit.k,
			contests,
		};
	});
}

function contestOf(value: Fields, unit: Json | undefined, at: number): ListedContest {
	const place = `manifest.json contests[${at}]`;
	const demand = (holding: boolean, field: string): void => {
		if (!holding) throw new Wrong("manifest", `${place}.${field}`, "not as the format says");
	};
	const pro = value.pro as [string, number][];
	demand(typeof value.id === "string" && /^[a-z0-9][a-z0-9-]{0,63}$/.test(value.id), "id");
	demand(oneOf("approval", "knapsack", "points", "scores", "ordinal")(value.fmt as Json), "fmt");
	demand(
		Array.isArray(pro) &&
			pro.every(([id, cost]) => typeof id === "string" && id !== "" && between(1, Number.MAX_SAFE_INTEGER)(cost)),
		"pro",
	);
	demand(new Set(pro.map(([id]) => id)).size === pro.length, "pro");
	demand(isCount(value.budget as Json), "budget");
	demand(typeof value.limits === "object", "limits");
	demand(typeof unit === "number" && /^10{2,15}$/.test(String(unit)), "unit");
	const contest = { ...value, unit, enc: value.enc ?? 0, width: value.w ?? 0 } as unknown as ListedContest;
	const fault = ruleFault(value.rule as Fields, contest);
	demand(fault === null, fault ?? "");
	return contest;
}

/** The field of a rule that is not as section 8 has it; null if all are. */
function ruleFault(given: Fields, contest: Contest): string | null {
	const known = RULES[String(given?.name)];
	if (known === undefined) return "rule.name";
	const rule = given as unknown as Rule;
	const tests: { [field: string]: Test } = { ...COMMON, name: () => true };
	for (const [field, test] of Object.entries(known)) tests[field.replace("?", "")] = test;
	const needed = ["ties", ...Object.keys(known).filter((field) => !field.endsWith("?"))];
	const raising = Object.values(COMPLETION).flat();
	const own = COMPLETION[rule.completion ?? ""] ?? [];
	for (const field of [...needed, ...own]) if (!(field in given)) return `rule.${field}`;
	for (const [field, value] of Object.entries(given)) {
		if (!tests[field]?.(value)) return `rule.${field}`;
		if (raising.includes(field) && !own.includes(field)) return `rule.${field}`;
	}
	const { ties, draw, mandatory = [], exclusive = [], categories = [] } = rule;
	if (new Set(ties).size !== ties.length || ties.at(-1) !== "id") return "rule.ties";
	if (ties.includes("draw") !== (draw !== undefined)) return "rule.draw";
	if (draw && !same(unb64u(draw.seed, 32), h32("pb/lot", utf8(draw.lot)))) return "rule.draw.seed";
	if (rule.compare && (rule.then || rule.completion === "phragmen")) return "rule.compare";
	if (rule.per_cost && fraction(rule.per_cost).q === 0n) return "rule.per_cost";
	for (const field of ["by", "utility"] as const) {
		if (rule[field] === "points" && !["points", "scores"].includes(contest.fmt)) return `rule.${field}`;
		if (rule[field] === "borda" && contest.fmt !== "ordinal") return `rule.${field}`;
	}
	const lists = { mandatory: [mandatory], exclusive, categories: categories.map(({ i }) => i) };
	for (const [field, numbers] of Object.entries(lists))
		for (const each of numbers)
			if (each.some((number, at) => number >= contest.pro.length || (at > 0 && number <= (each[at - 1] as number))))
				return `rule.${field}`;
	const cost = (numbers: number[]): number => numbers.reduce((sum, number) => sum + (contest.pro[number]?.[1] ?? 0), 0);
	const among = (numbers: number[]): number[] => numbers.filter((number) => mandatory.includes(number));
	const together =
		cost(mandatory) <= contest.budget &&
		exclusive.every((set) => among(set).length <= 1) &&
		categories.every(({ i, budget }) => cost(among(i)) <= budget);
	return together ? null : "rule.mandatory";
}
