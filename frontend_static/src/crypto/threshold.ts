// Partial decryptions with one proof for the whole list, and their combination (docs/protocol.md section 9).
import { concat, h64, u32, utf8 } from "./bytes";
import {
	combination,
	hashToScalar,
	IDENTITY,
	mod,
	ORDER,
	type Point,
	type Random,
	randomScalar,
	readPoints,
	readScalar,
	SIZE,
	scalarBytes,
	times,
	timesBase,
	timesBasePublic,
	timesPublic,
} from "./group";

/** Whose part it is; `key` is the trustee's public share. */
export interface Share {
	eid: Uint8Array;
	contest: string;
	trustee: number;
	key: Point;
	width: number;
}

/** The file of one trustee: a part for each pair, and the proof. */
export function decrypt(rows: Uint8Array, share: Share, secret: bigint, random: Random): Uint8Array {
	const firsts = firstOfPairs(rows, share);
	const parts = firsts.map((point) => times(secret, point));
	const { seed, p, q } = batch(rows, firsts, parts, share);
	const nonce = randomScalar(random);
	const challenge = challengeOf(seed, p, q, timesBase(nonce), times(nonce, p));
	return concat(bytesOf(parts), scalarBytes(challenge), scalarBytes(mod(nonce + challenge * secret)));
}

/** Check a trustee's file against the list and return its parts; throws if the proof does not hold. */
export function verifyPart(rows: Uint8Array, file: Uint8Array, share: Share): Point[] {
	const firsts = firstOfPairs(rows, share);
	if (file.length !== SIZE * (firsts.length + 2)) throw new Error("not one part for each pair and a proof");
	const parts = readPoints(file.subarray(0, -2 * SIZE));
	const challenge = readScalar(file.subarray(-2 * SIZE, -SIZE));
	const answer = readScalar(file.subarray(-SIZE));
	const { seed, p, q } = batch(rows, firsts, parts, share);
	const one = timesBasePublic(answer).subtract(timesPublic(challenge, share.key));
	const other = timesPublic(answer, p).subtract(timesPublic(challenge, q));
	if (challengeOf(seed, p, q, one, other) !== challenge) throw new Error("the proof of equal logarithms does not hold");
	return parts;
}

/** What the pairs of the list hold, given the verified parts of a quorum by trustee number. */
export function combine(rows: Uint8Array, parts: Map<number, Point[]>): Point[] {
	const quorum = [...parts.keys()];
	const weighted = quorum.map((trustee): [bigint, Point[]] => [lagrange(trustee, quorum), parts.get(trustee) ?? []]);
	return readPoints(rows)
		.filter((_, at) => at % 2 === 1)
		.map((point, at) =>
			weighted.reduce((rest, [weight, own]) => rest.subtract(timesPublic(weight, own[at] ?? IDENTITY)), point),
		);
}

/** The trustee's weight in the quorum: the product of m / (m - trustee) over its other members. */
export function lagrange(trustee: number, quorum: number[]): bigint {
	return quorum
		.filter((other) => other !== trustee)
		.reduce((weight, other) => mod(weight * BigInt(other) * inverse(mod(BigInt(other - trustee)))), 1n);
}

function inverse(value: bigint): bigint {
	let result = 1n;
	let power = value;
	for (let exponent = ORDER - 2n; exponent > 0n; exponent >>= 1n) {
		if (exponent & 1n) result = mod(result * power);
		power = mod(power * power);
	}
	return result;
}

function firstOfPairs(rows: Uint8Array, share: Share): Point[] {
	if (rows.length === 0 || rows.length % (2 * share.width * SIZE) !== 0) throw new Error("not whole rows");
	return readPoints(rows).filter((_, at) => at % 2 === 0);
}

function batch(
	rows: Uint8Array,
	firsts: Point[],
	parts: Point[],
	share: Share,
): { seed: Uint8Array; p: Point; q: Point } {
	const numbers = [u32(share.trustee), share.key.toBytes(), u32(firsts.length / share.width), u32(share.width)];
	const seed = h64("pb/dleq", share.eid, utf8(share.contest), ...numbers, rows, bytesOf(parts));
	const weights = firsts.map((_, at) => hashToScalar("pb/dleq/w", seed, u32(at + 1)));
	return { seed, p: combination(weights, firsts), q: combination(weights, parts) };
}

const challengeOf = (seed: Uint8Array, ...points: Point[]): bigint =>
	hashToScalar("pb/dleq/c", seed, ...points.map((point) => point.toBytes()));

const bytesOf = (points: Point[]): Uint8Array => concat(...points.map((point) => point.toBytes()));
