// What a voter has chosen so far, as the ballot that will be sealed, and what the limits of the contest say to it.
import { type Ballot, breaches, type Limits, type Shape } from "../crypto/payload";

/** Why a project or a value cannot be taken: the limit, what of it is left, what this needs, and what is missing. */
export interface Refusal {
	limit: "cost" | "k" | "sum" | "each" | "catk" | "catcost";
	left: number;
	needs: number;
	/** Of which category the limit is, by its place among the limits. */
	category?: number;
}

/** How much of a category's limit is used. */
export interface CategoryUse {
	category: number;
	kind: "k" | "cost";
	used: number;
	whole: number;
}

/** What the bar of the page measures: so much of the whole; nothing when the format has no whole. */
export interface Measure {
	kind: "cost" | "k" | "sum" | "count";
	used: number;
	whole: number;
}

export const projectsOf = (ballot: Ballot): number[] => ballot.map((item) => (Array.isArray(item) ? item[0] : item));

/** The points or the score of a project; undefined if it has none. */
export const valueIn = (ballot: Ballot, project: number): number | undefined =>
	ballot.find((item): item is [number, number] => Array.isArray(item) && item[0] === project)?.[1];

export const costOf = (ballot: Ballot, shape: Shape): number =>
	projectsOf(ballot).reduce((sum, project) => sum + (shape.costs[project] ?? 0), 0);

export const pointsOf = (ballot: Ballot): number =>
	ballot.reduce<number>((sum, item) => sum + (Array.isArray(item) ? item[1] : 0), 0);

/** The ballot with that project in it; for points and scores with that value, in place of another it had. */
export function put(ballot: Ballot, shape: Shape, project: number, value = 0): Ballot {
	const rest = without(ballot, project);
	if (hasValues(shape)) return sorted([...(rest as [number, number][]), [project, value]]);
	const numbers = [...(rest as number[]), project];
	return shape.fmt === "ordinal" ? numbers : sorted(numbers);
}

/** The ballot without that project. */
export function without(ballot: Ballot, project: number): Ballot {
	const other = (item: number | [number, number]): boolean => (Array.isArray(item) ? item[0] : item) !== project;
	return (ballot as (number | [number, number])[]).filter(other) as Ballot;
}

/** A ranking in which that project has changed places with its neighbour: before it for -1, after it for 1. */
export function move(ballot: Ballot, project: number, by: -1 | 1): Ballot {
	const order = projectsOf(ballot);
	const at = order.indexOf(project);
	const neighbour = order[at + by];
	if (at < 0 || neighbour === undefined) return order;
	order[at + by] = project;
	order[at] = neighbour;
	return order;
}

/** What keeps a voter from changing one ballot into the other: limits that only grow, so that taking away never fails. */
export function refusal(before: Ballot, after: Ballot, shape: Shape, project: number): Refusal | undefined {
	const { limits } = shape;
	const broken = breaches(after, shape);
	const cost = shape.costs[project] ?? 0;
	if (broken.includes("cats")) return categoryRefusal(before, after, shape, project);
	if (broken.includes("each")) return { limit: "each", left: limits.each ?? 0, needs: valueIn(after, project) ?? 0 };
	if (broken.includes("k")) return { limit: "k", left: (limits.k ?? 0) - before.length, needs: 1 };
	if (broken.includes("cost")) return { limit: "cost", left: (limits.cost ?? 0) - costOf(before, shape), needs: cost };
	const others = pointsOf(without(before, project));
	if (broken.includes("sum"))
		return { limit: "sum", left: (limits.sum ?? 0) - others, needs: valueIn(after, project) ?? 0 };
	return undefined;
}

/** The limits that the ballot does not reach yet, with how much each asks for: nothing may be sealed before. */
export function lacking(ballot: Ballot, shape: Shape): { limit: keyof Limits; least: number }[] {
	return breaches(ballot, shape)
		.filter((name) => name === "blank" || name.endsWith("min"))
		.map((name) => ({ limit: name as keyof Limits, least: Number(shape.limits[name as keyof Limits] ?? 1) }));
}

/** What is used of what there is. */
export function measure(ballot: Ballot, shape: Shape): Measure {
	const { limits } = shape;
	if (limits.sum !== undefined) return { kind: "sum", used: pointsOf(ballot), whole: limits.sum };
	if (limits.cost !== undefined) return { kind: "cost", used: costOf(ballot, shape), whole: limits.cost };
	if (limits.k !== undefined) return { kind: "k", used: ballot.length, whole: Math.min(limits.k, shape.costs.length) };
	return { kind: "count", used: ballot.length, whole: shape.costs.length };
}

/** The parts of the bar, each in the measure's own unit, in the order of the ballot. */
export function parts(ballot: Ballot, shape: Shape): number[] {
	const { kind } = measure(ballot, shape);
	if (kind === "cost") return projectsOf(ballot).map((project) => shape.costs[project] ?? 0);
	if (kind === "sum") return projectsOf(ballot).map((project) => valueIn(ballot, project) ?? 0);
	return ballot.map(() => 1);
}

/** What was kept on the device, if it still is a ballot of this contest; the empty ballot otherwise. */
export function restored(kept: unknown, shape: Shape): Ballot {
	if (!Array.isArray(kept)) return [];
	const isProject = (item: unknown): item is number =>
		Number.isInteger(item) && Number(item) >= 0 && Number(item) < shape.costs.length;
	const isPair = (item: unknown): item is [number, number] =>
		Array.isArray(item) && item.length === 2 && isProject(item[0]) && Number.isInteger(item[1]);
	if (!kept.every(hasValues(shape) ? isPair : isProject)) return [];
	const named = projectsOf(kept as Ballot);
	if (new Set(named).size !== named.length) return [];
	const ballot = (shape.fmt === "ordinal" ? kept : sorted(kept as Ballot)) as Ballot;
	return breaches(ballot, shape).some((name) => name !== "blank" && !name.endsWith("min")) ? [] : ballot;
}

export const hasValues = (shape: Shape): boolean => shape.fmt === "points" || shape.fmt === "scores";

function sorted<T extends number | [number, number]>(items: T[] | Ballot): Ballot {
	const number = (item: number | [number, number]): number => (Array.isArray(item) ? item[0] : item);
	return [...(items as (number | [number, number])[])].sort((one, other) => number(one) - number(other)) as Ballot;
}

/** What a ballot uses of the limits of categories; with a project, of those alone that it falls under. */
export function usedOfCategories(ballot: Ballot, shape: Shape, project?: number): CategoryUse[] {
	return (shape.limits.cats ?? []).flatMap(({ i, k, cost }, category): CategoryUse[] => {
		if (project !== undefined && !i.includes(project)) return [];
		const inside = projectsOf(ballot).filter((number) => i.includes(number));
		const costs = inside.reduce((sum, number) => sum + (shape.costs[number] ?? 0), 0);
		return [
			...(k === undefined ? [] : [{ category, kind: "k" as const, used: inside.length, whole: k }]),
			...(cost === undefined ? [] : [{ category, kind: "cost" as const, used: costs, whole: cost }]),
		];
	});
}

function categoryRefusal(before: Ballot, after: Ballot, shape: Shape, project: number): Refusal | undefined {
	const was = usedOfCategories(before, shape);
	const at = usedOfCategories(after, shape).findIndex(({ used, whole }) => used > whole);
	const broken = was[at];
	if (broken === undefined) return undefined;
	const { category, kind, used, whole } = broken;
	const left = whole - used;
	return kind === "k"
		? { limit: "catk", left, needs: 1, category }
		: { limit: "catcost", left, needs: shape.costs[project] ?? 0, category };
}
