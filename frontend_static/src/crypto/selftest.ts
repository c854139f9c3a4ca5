// Makes and checks the test vectors of sealed ballots, as tests/sealing_vectors.py does in the other implementation.
// Run by tests in Node and in a browser; no page loads it.
import { shake256 } from "@noble/hashes/sha3.js";
import { blocks, payloadOf } from "./blocks";
import { compare, concat, h32, hex, unhex, utf8 } from "./bytes";
import { checkDeals, jointKey, type Message, type Setting } from "./ceremony";
import { acknowledge, deal, draw, promise, receive } from "./dealing";
import { check, checkOpening, openingFile, type Place, readOpening, row, seal, sealCode, sealHash } from "./envelope";
import { generator, type Random, readPoint, scalarBytes, systemRandom, timesBase } from "./group";
import { openWith, sealTo } from "./hpke";
import { extends_, includes, leafHash, root } from "./merkle";
import { type Ballot, decodeBallot, encodeBallot, type Format, type Limits, shapeOf } from "./payload";
import { drawSecrets, prove, type Stage, verify } from "./shuffle";
import { publicKey } from "./signatures";
import { combine, decrypt, verifyPart } from "./threshold";
import { codeSeed, nonceOf, readCode, tokenHash } from "./voter";

const KEY = 424242n;
const EID = h32("pb/test", utf8("vectors"));

interface BallotVector {
	fmt: Format;
	limits: Limits;
	costs: number[];
	ballot: Ballot;
	enc: number;
	width: number;
	payload: string;
	opening: string;
	seal_code: string;
	seal_hash: string;
}

interface ShuffleVector {
	rows: number;
	width: number;
	before: string;
	after: string;
	proof: string;
	decryption: string;
	payloads: string[];
}

interface CeremonyVector {
	trustees: number;
	quorum: number;
	promises: Message[];
	deals: Message[];
	acknowledgements: Message[];
	shares: string[];
	key: string;
}

interface TreeVector {
	size: number;
	root: string;
	inclusion: string[][];
	consistency: { size: number; root: string; path: string[] }[];
}

interface LetterVector {
	printed: string;
	origin: string;
	group: string;
	key: string;
}

interface SignInVector {
	key: string;
	blind: string;
	token: string;
	nonce: string;
	hash: string;
}

export interface Vectors {
	generators: string[];
	ballots: BallotVector[];
	shuffles: ShuffleVector[];
	ceremonies: CeremonyVector[];
	trees: TreeVector[];
	letters: LetterVector[];
	sign_ins: SignInVector[];
}

/** Appendix A.2.1 of RFC 9180, in hexadecimal. */
export interface StandardVector {
	info: string;
	skEm: string;
	enc: string;
	skRm: string;
	pkRm: string;
	aad: string;
	pt: string;
	ct: string;
}

/** A source of bytes that gives the same ones each time: SHAKE-256 of the seed and a counter. */
export function repeatable(seed: string): Random {
	let count = 0;
	return (size) => {
		count += 1;
		return shake256(utf8(`${seed}/${count}`), { dkLen: size });
	};
}

/** Make what this implementation alone can make of the given cases: outputs are computed, not read. */
export function remake(given: Vectors): Vectors {
	return {
		generators: [0, 1, 2, 255, 256, 100_000].map((number) => hex(generator(number).toBytes())),
		ballots: given.ballots.map(({ fmt, limits, costs, ballot }, number) => {
			const shape = shapeOf(fmt, limits, costs);
			const payload = encodeBallot(ballot, shape);
			const place = placeOf(`contest-${number}`, h32("pb/test", Uint8Array.of(number)), 1000 + number);
			const opening = seal(payload, place, timesBase(KEY), repeatable(`ballot ${number}`));
			return {
				...{ fmt, limits, costs, ballot },
				enc: shape.enc,
				width: shape.width,
				payload: hex(payload),
				opening: new TextDecoder().decode(openingFile(opening)),
				seal_code: sealCode(opening.envelope),
				seal_hash: hex(sealHash(opening.envelope)),
			};
		}),
		shuffles: given.shuffles.map(({ rows, width }) => mixed(rows, width)),
		ceremonies: given.ceremonies.map(({ trustees, quorum }) => held(trustees, quorum)),
		trees: given.trees,
		letters: given.letters.map(({ printed, origin, group }) => ({
			...{ printed, origin, group },
			key: hex(publicKey(codeSeed(readCode(printed), origin, group))),
		})),
		sign_ins: given.sign_ins.map(({ key, blind, token }) => ({
			...{ key, blind, token },
			nonce: nonceOf(EID, unhex(key), unhex(blind)),
			hash: hex(tokenHash(unhex(blind), token)),
		})),
	};
}

/** Check vectors that the other implementation made; returns what does not hold, and how many things were checked. */
export function checkVectors(vectors: Vectors): { failures: string[]; checked: number } {
	const failures: string[] = [];
	let checked = 0;
	const holds = (name: string, test: () => unknown): void => {
		checked += 1;
		try {
			if (test() === false) failures.push(name);
		} catch (error) {
			failures.push(`${name}: ${String(error)}`);
		}
	};
	const fails = (name: string, test: () => unknown): void =>
		holds(name, () => {
			try {
				test();
			} catch {
				return true;
			}
			return false;
		});
	const key = timesBase(KEY);
	vectors.ballots.forEach((vector, number) => {
		const name = `ballot ${number}`;
		const shape = shapeOf(vector.fmt, vector.limits, vector.costs);
		const opening = readOpening(utf8(vector.opening));
		holds(`${name}: proof`, () => check(opening.envelope));
		holds(`${name}: opening`, () => checkOpening(opening, key));
		holds(
			`${name}: choice`,
			() => JSON.stringify(decodeBallot(opening.payload, shape)) === JSON.stringify(vector.ballot),
		);
		holds(`${name}: blocks`, () => {
			const points = blocks(opening.payload).map((point) => point.toBytes());
			return hex(payloadOf(points)) === vector.payload;
		});
		holds(`${name}: seal code`, () => sealCode(opening.envelope) === vector.seal_code);
		const { envelope } = opening;
		const moved = { ...envelope, place: { ...envelope.place, alias: new Uint8Array(32) } };
		fails(`${name}: under another alias`, () => check(moved));
		fails(`${name}: with another base`, () => check({ ...envelope, place: { ...envelope.place, base: 1 } }));
		fails(`${name}: with a mark in the padding`, () => {
			const marked = opening.payload.slice();
			marked[marked.length - 1] = (marked[marked.length - 1] ?? 0) ^ 1;
			decodeBallot(marked, { ...shape, costs: shape.costs });
			checkOpening({ ...opening, payload: marked }, key);
		});
	});
	vectors.shuffles.forEach((vector) => {
		const name = `shuffle of ${vector.rows} rows of ${vector.width}`;
		const stage = stageOf(vector.width);
		const [before, after, proof] = [vector.before, vector.after, vector.proof].map(unhex) as [
			Uint8Array,
			Uint8Array,
			Uint8Array,
		];
		holds(name, () => verify(before, after, proof, stage));
		fails(`${name}: as another stage`, () => verify(before, after, proof, { ...stage, number: 2 }));
		fails(`${name}: with another answer`, () => verify(before, after, changed(proof, proof.length - 32), stage));
		fails(`${name}: of another list`, () => verify(after, before, proof, stage));
		const share = { eid: EID, contest: "mixed", trustee: 1, key, width: vector.width };
		const file = unhex(vector.decryption);
		holds(`${name}: opened`, () => {
			const points = combine(after, new Map([[1, verifyPart(after, file, share)]])).map((point) => point.toBytes());
			return opened(points, vector.width).join() === vector.payloads.join();
		});
		fails(`${name}: with another part`, () => verifyPart(after, changed(file, file.length - 32), share));
	});
	vectors.ceremonies.forEach((vector) => {
		const name = `ceremony of ${vector.trustees}`;
		const { promises, deals } = vector;
		const setting = settingOf(vector.trustees, vector.quorum);
		holds(name, () => hex(jointKey(checkDeals(setting, promises, deals)).key.toBytes()) === vector.key);
		vector.shares.forEach((share, at) => {
			const secrets = draw(setting, repeatable(`trustee ${at + 1} of ${vector.trustees}`));
			const own = (dealt: Message[]) => receive(setting, at + 1, secrets, promises, dealt);
			holds(`${name}: share ${at + 1}`, () => hex(scalarBytes(own(deals).share)) === share);
			const swapped = deals.map((message, from) => ({ ...message, sh: rotated(message.sh as string[], from) }));
			const others = deals.map((_, from) => from + 1).filter((number) => number !== at + 1);
			// Two trustees have nobody else's share to swap with.
			const expected = vector.trustees > 2 ? others : [];
			holds(`${name}: swapped shares`, () => own(swapped).accused.join() === expected.join());
		});
		fails(`${name}: of another setup`, () => checkDeals({ ...setting, sid: EID }, promises, deals));
		fails(`${name}: deals of others`, () => checkDeals(setting, promises, [...deals.slice(1), ...deals.slice(0, 1)]));
		const weak = promises.map((message) => ({ ...message, x: "A".repeat(43) }));
		fails(`${name}: a key of small order`, () =>
			deal(setting, 1, draw(setting, repeatable("weak")), weak, repeatable("weak")),
		);
	});
	fails("a second spelling of a point", () => {
		const spelled = key.toBytes().slice();
		spelled[31] = (spelled[31] ?? 0) | 0x80;
		readPoint(spelled);
	});
	vectors.trees.forEach((vector) => {
		const leaves = Array.from({ length: vector.size }, (_, number) => leafHash(Uint8Array.of(number)));
		const treeRoot = unhex(vector.root);
		holds(`tree of ${vector.size}`, () => hex(root(leaves)) === vector.root);
		vector.inclusion.forEach((path, index) => {
			const hashes = path.map(unhex);
			const leaf = leaves[index] ?? treeRoot;
			holds(`leaf ${index} of ${vector.size}`, () => includes(leaf, index, vector.size, hashes, treeRoot));
			holds(`leaf ${index} elsewhere`, () => !includes(leaf, index + 1, vector.size, hashes, treeRoot));
		});
		vector.consistency.forEach((old) => {
			const smaller = { size: old.size, root: unhex(old.root) };
			const path = old.path.map(unhex);
			const larger = { size: vector.size, root: treeRoot };
			holds(`tree of ${old.size} in ${vector.size}`, () => extends_(smaller, larger, path));
			const other = { size: old.size, root: new Uint8Array(32) };
			holds(`another tree in ${vector.size}`, () => !extends_(other, larger, path));
		});
	});
	vectors.letters.forEach(({ printed }) => {
		const code = readCode(printed);
		const typed = printed.toLowerCase().replaceAll("0", "o").replaceAll("1", "l").replaceAll("-", " ");
		holds(`code ${printed} as typed`, () => readCode(typed) === code);
		fails(`code ${printed} with another sign`, () => readCode(`${printed[0] === "7" ? "8" : "7"}${printed.slice(1)}`));
		fails(`code ${printed} without its check symbol`, () => readCode(code));
	});
	return { failures, checked };
}

/** Milliseconds for each of some ballots, from choices among so many projects to the seal code. */
export function timeSealing(ballots: number, projects: number): number[] {
	const shape = shapeOf("approval", { blank: true }, Array<number>(projects).fill(100));
	const key = timesBase(KEY);
	const place = placeOf("timed", new Uint8Array(32), 0);
	return Array.from({ length: ballots }, () => {
		const started = performance.now();
		sealCode(seal(encodeBallot([0, 1, 2, 3, 4], shape), place, key, systemRandom).envelope);
		return performance.now() - started;
	});
}

/** Check HPKE against the vector of its standard; returns what does not hold. */
export function checkStandard(vector: StandardVector): string[] {
	const { info, skEm, enc, skRm, pkRm, aad, pt, ct } = Object.fromEntries(
		Object.entries(vector).map(([name, value]) => [name, name === "source" ? new Uint8Array() : unhex(value)]),
	) as { [name in keyof StandardVector]: Uint8Array };
	const sealed = concat(enc, ct);
	const failures: string[] = [];
	if (hex(sealTo(pkRm, pt, info, () => skEm, aad)) !== hex(sealed)) failures.push("sealed otherwise");
	if (hex(openWith(skRm, sealed, info, aad)) !== vector.pt) failures.push("opened otherwise");
	[0, 31, 32, sealed.length - 1].forEach((at) => {
		try {
			openWith(skRm, changed(sealed, at), info, aad);
			failures.push(`opened with another byte ${at}`);
		} catch {
			// as it should
		}
	});
	return failures;
}

/** One step of a ceremony for some trustees, the others being of the other implementation. */
export function step(
	trustees: number,
	quorum: number,
	numbers: number[],
	promises: Message[],
	deals: Message[],
): { promises: Message[]; deals: Message[]; acknowledgements: Message[]; shares: string[] } {
	const setting = settingOf(trustees, quorum);
	const own = numbers.map((number) => ({ number, secrets: draw(setting, repeatable(`mixed ${number}`)) }));
	const isDealing = promises.length === trustees;
	const found = deals.length < trustees ? [] : own.map((each) => received(setting, each, promises, deals));
	return {
		promises: own.map(({ number, secrets }) => promise(setting, number, secrets)),
		deals: isDealing
			? own.map(({ number, secrets }) => deal(setting, number, secrets, promises, repeatable(`dealt ${number}`)))
			: [],
		acknowledgements: found.map(({ said }) => said),
		shares: found.map(({ share }) => share),
	};
}

function received(
	setting: Setting,
	{ number, secrets }: { number: number; secrets: ReturnType<typeof draw> },
	promises: Message[],
	deals: Message[],
): { said: Message; share: string } {
	const { share, accused } = receive(setting, number, secrets, promises, deals);
	return { said: acknowledge(number, share, accused), share: hex(scalarBytes(share)) };
}

function held(trustees: number, quorum: number): CeremonyVector {
	const setting = settingOf(trustees, quorum);
	const own = Array.from({ length: trustees }, (_, at) => {
		const random = repeatable(`trustee ${at + 1} of ${trustees}`);
		return { number: at + 1, random, secrets: draw(setting, random) };
	});
	const promises = own.map(({ number, secrets }) => promise(setting, number, secrets));
	const deals = own.map(({ number, random, secrets }) => deal(setting, number, secrets, promises, random));
	const found = own.map((each) => received(setting, each, promises, deals));
	return {
		...{ trustees, quorum, promises, deals },
		acknowledgements: found.map(({ said }) => said),
		shares: found.map(({ share }) => share),
		key: hex(jointKey(checkDeals(setting, promises, deals)).key.toBytes()),
	};
}

const settingOf = (trustees: number, quorum: number): Setting => ({
	sid: h32("pb/test", Uint8Array.of(trustees, quorum)),
	trustees,
	quorum,
});

/** The sealed shares of one trustee, each given to the next of the others. */
function rotated(shares: string[], from: number): string[] {
	const others = shares.filter((_, at) => at !== from);
	const moved = [...others.slice(1), ...others.slice(0, 1)];
	return [...moved.slice(0, from), "", ...moved.slice(from)];
}

const placeOf = (contest: string, alias: Uint8Array, base: number): Place => ({ eid: EID, contest, alias, base });

function stageOf(width: number): Stage {
	return { eid: EID, contest: "mixed", number: 1, trustee: 2, key: timesBase(KEY), width };
}

function mixed(rows: number, width: number): ShuffleVector {
	const random = repeatable(`shuffle ${rows} ${width}`);
	const place = placeOf("mixed", new Uint8Array(32), 0);
	const sealed = Array.from({ length: rows }, (_, number) => {
		const payload = new Uint8Array(30 * width);
		payload.set([1, 1, number + 1]);
		return row(seal(payload, place, timesBase(KEY), random).envelope);
	});
	const before = concat(...sealed.sort(compare));
	const [after, proof] = prove(before, stageOf(width), drawSecrets(rows, width, random));
	const share = { eid: EID, contest: "mixed", trustee: 1, key: timesBase(KEY), width };
	const file = decrypt(after, share, KEY, random);
	const points = combine(after, new Map([[1, verifyPart(after, file, share)]])).map((point) => point.toBytes());
	return {
		...{ rows, width },
		before: hex(before),
		after: hex(after),
		proof: hex(proof),
		decryption: hex(file),
		payloads: opened(points, width),
	};
}

function opened(points: Uint8Array[], width: number): string[] {
	const rows = Array.from({ length: points.length / width }, (_, at) => points.slice(at * width, (at + 1) * width));
	return rows.map((each) => hex(payloadOf(each))).sort();
}

function changed(data: Uint8Array, at: number): Uint8Array {
	const copy = data.slice();
	copy[at] = (copy[at] ?? 0) ^ 1;
	return copy;
}
