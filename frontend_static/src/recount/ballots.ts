// The ballots of a contest as the bundle holds them: in clear, or as the payloads that the trustees opened.
import { compare, unb64u } from "../crypto/bytes";
import { decode, type Json } from "../crypto/canonical";
import { decodeBallot } from "../crypto/payload";
import type { Ballot } from "./contest";
import type { ListedContest, Manifest } from "./manifest";
import { holds, Wrong } from "./wrong";

/** The ballots in these bytes. Throws Wrong at the first that is not as the format says. */
export function readBallots(data: Uint8Array, contest: ListedContest, manifest: Manifest): Ballot[] {
	const name = `ballots/${contest.id}.json`;
	const value = holds("ballots", name, () => decode(data)) as { [field: string]: Json };
	const fields = manifest.sealed ? "d,e,inv,on,pa,pinv,v" : "d,e,open,v";
	if (Object.keys(value).sort().join() !== fields) throw new Wrong("ballots", name, `its fields are not ${fields}`);
	if (value.v !== 1 || value.d !== contest.id || value.e !== manifest.eid)
		throw new Wrong("ballots", name, "of another contest or election");
	return manifest.sealed ? opened(value, contest, name) : inClear(value.open as Json, contest, name);
}

function inClear(open: Json, contest: ListedContest, name: string): Ballot[] {
	if (!Array.isArray(open)) throw new Wrong("ballots", name, "no list of ballots");
	let before: Json[] = [];
	open.forEach((ballot, at) => {
		const place = `${name} open[${at}]`;
		if (!Array.isArray(ballot) || !isBallot(ballot, contest)) throw new Wrong("ballots", place, "not a ballot");
		if (compared(before, ballot) > 0) throw new Wrong("ballots", place, "out of order");
		before = ballot;
	});
	return open as unknown as Ballot[];
}

/** Payloads of valid ballots, those on paper too; the invalid ones count for nothing. */
function opened(value: { [field: string]: Json }, contest: ListedContest, name: string): Ballot[] {
	const costs = contest.pro.map(([, cost]) => cost);
	const shape = { fmt: contest.fmt, limits: contest.limits, costs, enc: contest.enc, width: contest.width };
	return ["on", "pa"].flatMap((field) => {
		let before = new Uint8Array();
		const payloads = value[field];
		if (!Array.isArray(payloads)) throw new Wrong("ballots", name, `no list ${field}`);
		return payloads.map((text, at) =>
			holds("ballots", `${name} ${field}[${at}]`, () => {
				const payload = unb64u(text as string);
				if (compare(before, payload) > 0) throw new Error("out of order");
				before = new Uint8Array(payload);
				return decodeBallot(payload, shape);
			}),
		);
	});
}

function isBallot(ballot: Json[], { fmt, pro }: ListedContest): boolean {
	const pairs = fmt === "points" || fmt === "scores";
	const numbers: Json[] = pairs
		? ballot.map((pair) => (Array.isArray(pair) && pair.length === 2 ? (pair[0] as Json) : -1))
		: ballot;
	if (!numbers.every((number) => typeof number === "number" && number >= 0 && number < pro.length)) return false;
	if (pairs && !ballot.every((pair) => isValue((pair as Json[])[1] as Json, fmt))) return false;
	if (fmt === "ordinal") return new Set(numbers).size === numbers.length;
	return numbers.every((number, at) => at === 0 || (number as number) > (numbers[at - 1] as number));
}

const isValue = (value: Json, fmt: string): boolean => typeof value === "number" && (fmt === "scores" || value >= 0);

/** Which of two ballots comes first, element by element; a prefix comes first. */
function compared(one: Json, other: Json): number {
	if (!Array.isArray(one) || !Array.isArray(other)) return Number(one) - Number(other);
	for (let at = 0; at < Math.min(one.length, other.length); at++) {
		const difference = compared(one[at] as Json, other[at] as Json);
		if (difference !== 0) return difference;
	}
	return one.length - other.length;
}
