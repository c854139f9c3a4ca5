// What the worker does: seal a ballot, look into a sealed one, and check receipts. Bytes travel as base64url.
import { b64u, concat, hex, same, unb64u } from "../crypto/bytes";
import { decode, type Json } from "../crypto/canonical";
import {
	check,
	checkOpening,
	type Envelope,
	fields,
	type Opening,
	openingFile,
	pairsOf,
	readOpening,
	seal,
	sealCode,
	sealHash,
} from "../crypto/envelope";
import { type Point, type Random, readPoint, readScalar, scalarBytes } from "../crypto/group";
import { cosignedAt, isSignedByLog, parseCheckpoint, parseKey } from "../crypto/note";
import { type Ballot, decodeBallot, encodeBallot, type Shape } from "../crypto/payload";
import { checkReceipt, parseReceipt } from "../crypto/receipt";
import { publicKey, signEntry } from "../crypto/signatures";
import { codeSeed, readCode } from "../crypto/voter";

/** A contest as the worker needs it: where its envelopes belong, and the joint key. */
export interface Election {
	eid: string;
	key: string;
}

/** By whose key an envelope is signed: the voter's own, where she was identified without an account. */
export interface Signer {
	cls: string;
	/** The public key, and its secret seed. */
	key: string;
	seed: string;
	/** Of a sign-in: the hash of its token. */
	h?: string | undefined;
}

export interface Made {
	fields: { [name: string]: Json };
	payload: string;
	secrets: string[];
	code: string;
}

/** Seal a ballot, and look once into what was made: a device that cannot calculate must not cast. */
export function sealBallot(
	given: {
		election: Election;
		contest: string;
		shape: Shape;
		ballot: Ballot;
		alias: string;
		base: number;
		signer?: Signer | undefined;
	},
	random: Random,
): Made {
	const { election, contest, alias, base, signer } = given;
	const place = { eid: unb64u(election.eid, 32), contest, alias: unb64u(alias, 32), base };
	const key = readPoint(unb64u(election.key, 32));
	const opening = seal(encodeBallot(given.ballot, given.shape), place, key, random);
	checkOpening(opening, key);
	const sealed = fields(opening.envelope);
	return {
		fields: signer ? { ...sealed, sg: signatureOf(sealed, election.eid, signer) } : sealed,
		payload: b64u(opening.payload),
		secrets: opening.secrets.map((secret) => b64u(scalarBytes(secret))),
		code: sealCode(opening.envelope),
	};
}

/** The voter's signature over the entry of her envelope (docs/protocol.md sections 3 and 6). */
function signatureOf(sealed: { [name: string]: Json }, eid: string, signer: Signer): string {
	const token: { [name: string]: Json } = signer.h === undefined ? {} : { p: signer.key, h: signer.h };
	const entry = { v: 1, k: "env", e: eid, ...sealed, y: signer.cls, ...token };
	const [[, signature]] = signEntry(entry, "p", unb64u(signer.seed, 32)).sg as [[string, string]];
	return signature;
}

/** The keys that a code stands for, by group; throws "form" or "symbol" for what is no code. */
export function keysOfCode(given: { typed: string; origin: string; groups: string[] }): {
	[group: string]: { key: string; seed: string };
} {
	const code = readCode(given.typed);
	return Object.fromEntries(
		given.groups.map((group) => {
			const seed = codeSeed(code, given.origin, group);
			return [group, { key: b64u(publicKey(seed)), seed: b64u(seed) }];
		}),
	);
}

/** A session key of this window, and what blinds it in the nonce of a sign-in. */
export function drawSession(random: Random): { key: string; seed: string; blind: string } {
	const seed = random(32);
	return { key: b64u(publicKey(seed)), seed: b64u(seed), blind: b64u(random(32)) };
}

/** The file by which another device looks into a sealed ballot (docs/protocol.md section 6). */
export function openingOf(given: { eid: string; made: Made }): { file: string; short: string } {
	const opening = openingFrom(given.eid, given.made);
	return { file: b64u(openingFile(opening)), short: shortOf(opening) };
}

/** What is in a sealed ballot, and its seal code; throws if the envelope does not hold what it says. */
export function lookInto(given: {
	election: Election;
	shapes: { [contest: string]: Shape };
	/** The file in base64url, or the short form of an address. */
	file?: string;
	short?: string;
}): { contest: string; ballot: Ballot; code: string } {
	const key = readPoint(unb64u(given.election.key, 32));
	const opening = given.file ? readOpening(unb64u(given.file)) : fromShort(given.short ?? "", given.election, key);
	const { place } = opening.envelope;
	if (b64u(place.eid) !== given.election.eid) throw new Error("of another vote");
	const shape = given.shapes[place.contest];
	if (shape === undefined) throw new Error("of no contest of this vote");
	checkOpening(opening, key);
	return { contest: place.contest, ballot: decodeBallot(opening.payload, shape), code: sealCode(opening.envelope) };
}

/** What a receipt proves, held against the newest tree head that the log has published. */
export interface Proven {
	index: number;
	size: number;
	code: string;
	contest: string;
	seal: string;
	/** The log signed a tree that holds the entry, and the entry is an envelope of this election. */
	logged: boolean;
	/** How many entries the published head states. */
	newest: number;
	/** The published head is signed too, and is the head of the receipt or a later one. */
	published: "same" | "later" | "differs";
	/** How many of the vote's witnesses have signed the head that the receipt stands under. */
	witnessed: number;
}

export function checkProof(given: {
	receipt: string;
	checkpoint: string;
	log: string;
	eid: string;
	witnesses: string[];
}): Proven {
	const receipt = parseReceipt(given.receipt);
	const log = parseKey(given.log);
	const entry = decode(receipt.entry) as { [key: string]: Json };
	const envelope = envelopeFrom(unb64u(given.eid, 32), entry);
	const witnesses = given.witnesses.map(parseKey);
	const { logged, witnessed } = checkReceipt(receipt, log, witnesses);
	const newest = parseCheckpoint(given.checkpoint);
	const head = receipt.checkpoint;
	let published: Proven["published"] = "differs";
	if (isSignedByLog(newest, log)) {
		if (newest.size === head.size && same(newest.root, head.root)) published = "same";
		else if (newest.size > head.size) published = "later";
	}
	return {
		index: receipt.index,
		size: head.size,
		newest: newest.size,
		code: sealCode(envelope),
		contest: envelope.place.contest,
		seal: hex(sealHash(envelope)),
		logged: logged && entry.k === "env" && entry.e === given.eid && holds(envelope),
		published,
		// Witnesses sign a head after the receipt was given: the same head as it is published now bears what they have signed.
		witnessed: published === "same" ? cosignedAt(newest, witnesses).size : witnessed.size,
	};
}

function holds(envelope: Envelope): boolean {
	try {
		check(envelope);
		return true;
	} catch {
		return false;
	}
}

function envelopeFrom(eid: Uint8Array, entry: { [key: string]: Json }): Envelope {
	return {
		place: { eid, contest: entry.d as string, alias: unb64u(entry.a as string, 32), base: entry.b as number },
		pairs: (entry.ct as string[][]).map(([a = "", b = ""]): [Uint8Array, Uint8Array] => [unb64u(a, 32), unb64u(b, 32)]),
		proof: (entry.pf as string[]).map((part) => unb64u(part, 32)),
	};
}

function openingFrom(eid: string, made: Made): Opening {
	return {
		envelope: envelopeFrom(unb64u(eid, 32), made.fields),
		payload: unb64u(made.payload),
		secrets: made.secrets.map((secret) => readScalar(unb64u(secret, 32))),
	};
}

/**
 * The opening without what can be calculated from the rest, short enough for a QR code:
 * contest, alias, base, payload, secrets, proof, with points between them.
 */
function shortOf({ envelope, payload, secrets }: Opening): string {
	const { contest, alias, base } = envelope.place;
	const scalars = concat(...secrets.map(scalarBytes));
	return [contest, b64u(alias), base, b64u(payload), b64u(scalars), b64u(concat(...envelope.proof))].join(".");
}

function fromShort(text: string, election: Election, key: Point): Opening {
	const [contest, alias, base, payload, secrets, proof, ...more] = text.split(".");
	if (!contest || !alias || !base || !payload || !secrets || !proof || more.length > 0 || !/^\d{1,10}$/.test(base))
		throw new Error("another form");
	const place = { eid: unb64u(election.eid, 32), contest, alias: unb64u(alias, 32), base: Number(base) };
	const [sealed, opens] = [unb64u(payload), pieces(unb64u(secrets)).map(readScalar)];
	const envelope = { place, pairs: pairsOf(sealed, key, opens), proof: pieces(unb64u(proof)) };
	return { envelope, payload: sealed, secrets: opens };
}

function pieces(data: Uint8Array): Uint8Array[] {
	return Array.from({ length: data.length / 32 }, (_, at) => data.subarray(32 * at, 32 * (at + 1)));
}
