// A ballot's choices as the bytes that are sealed (docs/protocol.md section 5).
import { same } from "./bytes";

export type Format = "approval" | "knapsack" | "points" | "scores" | "ordinal";
/** Project numbers, or [project number, value] for points and scores. */
export type Ballot = number[] | [number, number][];

export interface Limits {
	kmin?: number;
	k?: number;
	cost?: number;
	costmin?: number;
	sum?: number;
	summin?: number;
	each?: number;
	eachmin?: number;
	smin?: number;
	smax?: number;
	cats?: { i: number[]; k?: number; cost?: number }[];
	blank?: boolean;
}

/** What of a contest decides how its ballots are sealed: costs in minor units, encoding and number of blocks. */
export interface Shape {
	fmt: Format;
	limits: Limits;
	costs: number[];
	enc: number;
	width: number;
}

export const BLOCK = 30;
const VERSION = 1;
const MOST_BLOCKS = 64;
const MOST_PROJECTS = 65_534;

/** The choice is not one that this contest allows, or bytes are not the payload of any. `limits` names those broken. */
export class PayloadError extends Error {
	constructor(
		message: string,
		readonly limits: string[] = [],
	) {
		super(message);
	}
}

/** The shape of a contest: the encoding that needs fewer blocks, the first of two that need equally many. */
export function shapeOf(fmt: Format, limits: Limits, costs: number[]): Shape {
	const projects = costs.length;
	if (projects === 0 || projects > MOST_PROJECTS) throw new PayloadError("number of projects");
	const span = limits.smin === undefined || limits.smax === undefined ? -1 : limits.smax - limits.smin;
	if (fmt === "scores" && (span < 0 || span > 254)) throw new PayloadError("range of scores");
	const picks = Math.min(limits.k ?? projects, projects);
	const bodies: [number, number][] = hasValues(fmt)
		? [
				[2, projects],
				[4, 3 * picks],
			]
		: [
				[1, Math.ceil(projects / 8)],
				[3, 2 * picks],
			];
	const widths = (fmt === "ordinal" ? bodies.slice(1) : bodies).map(([enc, body]): [number, number] => [
		enc,
		Math.ceil((2 + body) / BLOCK),
	]);
	const [enc, width] = widths.reduce((best, next) => (next[1] < best[1] ? next : best));
	if (width > MOST_BLOCKS) throw new PayloadError("too many blocks");
	return { fmt, limits, costs, enc, width };
}

/** The payload of a ballot, `30 * width` bytes. */
export function encodeBallot(ballot: Ballot, shape: Shape): Uint8Array {
	const named = numbersOf(ballot);
	const pairs = ballot.filter((item): item is [number, number] => Array.isArray(item));
	if (pairs.length !== (hasValues(shape.fmt) ? ballot.length : 0)) throw new PayloadError("another format");
	if (named.some((number) => !Number.isInteger(number) || number < 0 || number >= shape.costs.length))
		throw new PayloadError("no such project");
	const ordered = named.every((number, at) => at === 0 || number > (named[at - 1] ?? -1));
	if (new Set(named).size !== named.length || (shape.fmt !== "ordinal" && !ordered))
		throw new PayloadError("a project twice, or out of order");
	const broken = breaches(ballot, shape);
	if (broken.length > 0) throw new PayloadError(`breaks ${broken.join(", ")}`, broken);
	if (shape.enc > 2 && named.length > slots(shape)) throw new PayloadError("breaks k", ["k"]);
	const payload = new Uint8Array(BLOCK * shape.width);
	payload.set([VERSION, shape.enc]);
	const body = payload.subarray(2);
	named.forEach((number, at) => {
		const value = byteOf(pairs[at]?.[1] ?? 0, shape);
		const slot = number + 1;
		if (shape.enc === 1) body[number >> 3] = (body[number >> 3] ?? 0) | (1 << (number & 7));
		else if (shape.enc === 2) body[number] = value;
		else if (shape.enc === 3) body.set([slot >> 8, slot & 255], 2 * at);
		else body.set([slot >> 8, slot & 255, value], 3 * at);
	});
	return payload;
}

/** The ballot of a payload; throws unless exactly this ballot encodes to exactly these bytes. */
export function decodeBallot(payload: Uint8Array, shape: Shape): Ballot {
	if (payload.length !== BLOCK * shape.width || payload[0] !== VERSION || payload[1] !== shape.enc)
		throw new PayloadError("another version, encoding or length");
	const body = payload.subarray(2);
	const byte = (at: number): number => body[at] ?? 0;
	const slot = (at: number): number => (byte(at) << 8) | byte(at + 1);
	const places = Array.from({ length: slots(shape) }, (_, at) => at);
	let ballot: Ballot;
	if (shape.enc === 1) ballot = bits(body);
	else if (shape.enc === 2)
		ballot = Array.from(body).flatMap((value, number) => (value ? [pair(number, value, shape)] : []));
	else if (shape.enc === 3) ballot = places.map((at) => slot(2 * at) - 1).filter((number) => number >= 0);
	else
		ballot = places
			.filter((at) => slot(3 * at) || byte(3 * at + 2))
			.map((at) => pair(slot(3 * at) - 1, byte(3 * at + 2), shape));
	if (!same(encodeBallot(ballot, shape), payload)) throw new PayloadError("not the payload of any ballot");
	return ballot;
}

/** The names of the limits that a ballot breaks (docs/schemas/bundle.md section 4). */
export function breaches(ballot: Ballot, shape: Shape): string[] {
	const { limits, costs } = shape;
	const named = numbersOf(ballot);
	if (named.length === 0) return limits.blank ? [] : ["blank"];
	const cost = total(named.map((number) => costs[number] ?? 0));
	const values = ballot.flatMap((item) => (Array.isArray(item) ? [item[1]] : []));
	const measured: [keyof Limits, number][] = [
		["kmin", named.length],
		["k", named.length],
		["costmin", cost],
		["cost", cost],
	];
	if (shape.fmt === "points")
		measured.push(
			["summin", total(values)],
			["sum", total(values)],
			["eachmin", Math.min(...values)],
			["each", Math.max(...values)],
		);
	if (shape.fmt === "scores") measured.push(["smin", Math.min(...values)], ["smax", Math.max(...values)]);
	const broken: string[] = measured
		.filter(([name, value]) => {
			const bound = limits[name];
			return typeof bound === "number" && (name.endsWith("min") ? value < bound : value > bound);
		})
		.map(([name]) => name);
	const tooMuch = (limits.cats ?? []).some((category) => {
		const chosen = named.filter((number) => category.i.includes(number));
		return (
			chosen.length > (category.k ?? Number.POSITIVE_INFINITY) ||
			total(chosen.map((number) => costs[number] ?? 0)) > (category.cost ?? Number.POSITIVE_INFINITY)
		);
	});
	return tooMuch ? [...broken, "cats"] : broken;
}

const numbersOf = (ballot: Ballot): number[] => ballot.map((item) => (Array.isArray(item) ? item[0] : item));
const total = (values: number[]): number => values.reduce((sum, value) => sum + value, 0);
const hasValues = (fmt: Format): boolean => fmt === "points" || fmt === "scores";
const slots = (shape: Shape): number => Math.min(shape.limits.k ?? shape.costs.length, shape.costs.length);
const least = (shape: Shape): number => shape.limits.smin ?? 0;

function byteOf(value: number, shape: Shape): number {
	if (!hasValues(shape.fmt)) return 0;
	const byte = shape.fmt === "scores" ? value - least(shape) + 1 : value;
	if (!Number.isInteger(byte) || byte < 1 || byte > 255) throw new PayloadError("a value that no byte holds");
	return byte;
}

function pair(number: number, byte: number, shape: Shape): [number, number] {
	return [number, shape.fmt === "scores" ? byte - 1 + least(shape) : byte];
}

function bits(body: Uint8Array): number[] {
	return Array.from({ length: 8 * body.length }, (_, at) => at).filter((at) => ((body[at >> 3] ?? 0) >> (at & 7)) & 1);
}
