// A sealed ballot with the proof that its maker knew what is in it (docs/protocol.md section 6).
import { blocks } from "./blocks";
import { b64u, concat, crockford, h32, same, u32, unb64u, utf8 } from "./bytes";
import { decode, encode, type Json } from "./canonical";
import {
	hashToScalar,
	mod,
	type Point,
	type Random,
	randomScalar,
	readPoint,
	readScalar,
	scalarBytes,
	times,
	timesBase,
	timesBasePublic,
	timesPublic,
} from "./group";

/** Where an envelope belongs: election, contest, the voter's alias, and the size of the log that the voter saw. */
export interface Place {
	eid: Uint8Array;
	contest: string;
	alias: Uint8Array;
	base: number;
}

/** A sealed ballot: pairs (A, B), one a block; the challenge and one answer a block. */
export interface Envelope {
	place: Place;
	pairs: [Uint8Array, Uint8Array][];
	proof: Uint8Array[];
}

/** What another device needs to look into an envelope that will then never be cast. */
export interface Opening {
	envelope: Envelope;
	payload: Uint8Array;
	secrets: bigint[];
}

/** Seal a payload under the joint key. The secrets open the envelope: one that was shown for a check is never cast. */
export function seal(payload: Uint8Array, place: Place, key: Point, random: Random): Opening {
	const count = payload.length / 30;
	const secrets = Array.from({ length: count }, () => randomScalar(random));
	const nonces = Array.from({ length: count }, () => randomScalar(random));
	const pairs = pairsOf(payload, key, secrets);
	const challenge = challengeOf(place, pairs, nonces.map(timesBase));
	const answers = nonces.map((nonce, at) => scalarBytes(mod(nonce + challenge * (secrets[at] ?? 0n))));
	return { envelope: { place, pairs, proof: [scalarBytes(challenge), ...answers] }, payload, secrets };
}

/** Check every point and the proof of knowledge; throws saying what does not hold. */
export function check(envelope: Envelope): void {
	const [challenge, ...answers] = envelope.proof.map(readScalar);
	if (challenge === undefined || envelope.pairs.length === 0 || answers.length !== envelope.pairs.length)
		throw new Error("the proof has not one answer a block");
	const promises = envelope.pairs.map(([a, b], at) => {
		readPoint(b);
		return timesBasePublic(answers[at] ?? 0n).subtract(timesPublic(challenge, readPoint(a)));
	});
	if (challengeOf(envelope.place, envelope.pairs, promises) !== challenge)
		throw new Error("the proof of knowledge does not hold");
}

/** Check that an envelope holds that payload (audit or cast); throws if not. */
export function checkOpening(opening: Opening, key: Point): void {
	check(opening.envelope);
	const pairs = pairsOf(opening.payload, key, opening.secrets);
	const { pairs: sealed } = opening.envelope;
	const equal = sealed.every(([a, b], at) => same(a, pairs[at]?.[0] ?? a.subarray(1)) && same(b, pairs[at]?.[1] ?? b));
	if (opening.payload.length !== 30 * opening.secrets.length || pairs.length !== sealed.length || !equal)
		throw new Error("the envelope does not hold this ballot");
}

/** The hash by which an envelope is told from every other. */
export function sealHash(envelope: Envelope): Uint8Array {
	return h32("pb/seal", ...partsOf(envelope.place), row(envelope), concat(...envelope.proof));
}

/** What a person compares: 16 symbols. */
export const sealCode = (envelope: Envelope): string => crockford(sealHash(envelope).subarray(0, 10));

/** The pairs as they go into the mix. */
export const row = (envelope: Envelope): Uint8Array => concat(...envelope.pairs.flat());

/** The fields of the `env` entry that the envelope itself gives. */
export function fields(envelope: Envelope): { [key: string]: Json } {
	return {
		d: envelope.place.contest,
		a: b64u(envelope.place.alias),
		b: envelope.place.base,
		ct: envelope.pairs.map(([a, b]) => [b64u(a), b64u(b)]),
		pf: envelope.proof.map(b64u),
	};
}

/** The file by which another device checks an envelope. */
export function openingFile(opening: Opening): Uint8Array {
	const { envelope } = opening;
	return encode({
		v: 1,
		e: b64u(envelope.place.eid),
		...fields(envelope),
		m: b64u(opening.payload),
		r: opening.secrets.map((secret) => b64u(scalarBytes(secret))),
	});
}

/** Read the file of `openingFile`; throws for any other form. */
export function readOpening(data: Uint8Array): Opening {
	const file = decode(data) as { [key: string]: Json };
	if (Object.keys(file).sort().join() !== "a,b,ct,d,e,m,pf,r,v" || file.v !== 1) throw new Error("another form");
	const place = {
		eid: unb64u(file.e as string, 32),
		contest: file.d as string,
		alias: unb64u(file.a as string, 32),
		base: file.b as number,
	};
	const pairs = (file.ct as string[][]).map((pair): [Uint8Array, Uint8Array] => {
		if (pair.length !== 2) throw new Error("another form");
		return [unb64u(pair[0] ?? "", 32), unb64u(pair[1] ?? "", 32)];
	});
	return {
		envelope: { place, pairs, proof: (file.pf as string[]).map((part) => unb64u(part, 32)) },
		payload: unb64u(file.m as string),
		secrets: (file.r as string[]).map((part) => readScalar(unb64u(part))),
	};
}

/** The pairs that a payload becomes with these secrets: what a check on another device makes again. */
export function pairsOf(payload: Uint8Array, key: Point, secrets: bigint[]): [Uint8Array, Uint8Array][] {
	return blocks(payload).map((point, at) => {
		const secret = secrets[at] ?? 0n;
		return [timesBase(secret).toBytes(), point.add(times(secret, key)).toBytes()];
	});
}

const partsOf = (place: Place): Uint8Array[] => [place.eid, utf8(place.contest), place.alias, u32(place.base)];

function challengeOf(place: Place, pairs: [Uint8Array, Uint8Array][], promises: Point[]): bigint {
	return hashToScalar("pb/pok", ...partsOf(place), ...pairs.flat(), ...promises.map((point) => point.toBytes()));
}
