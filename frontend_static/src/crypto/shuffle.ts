// A shuffle that hides its order and proves that nothing was added, lost or changed (docs/protocol.md section 8).
import { concat, h64, u32, utf8 } from "./bytes";
import {
	combination,
	generator,
	hashToScalar,
	mod,
	type Point,
	type Random,
	randomScalar,
	readPoints,
	readScalar,
	SIZE,
	scalarBytes,
	sum,
	times,
	timesBase,
	timesBasePublic,
	timesPublic,
} from "./group";

/** Which mix this is; `width` is the number of pairs in a row. */
export interface Stage {
	eid: Uint8Array;
	contest: string;
	number: number;
	trustee: number;
	key: Point;
	width: number;
}

/** Everything random in a shuffle. Row i of the output comes from row `order[i]`, from 0. */
export interface ShuffleSecrets {
	order: number[];
	rho: bigint[][];
	r: bigint[];
	q: bigint[];
	o: [bigint, bigint, bigint];
	o4: bigint[];
	oq: bigint[];
	ou: bigint[];
}

export function drawSecrets(rows: number, width: number, random: Random): ShuffleSecrets {
	const column = (size: number): bigint[] => Array.from({ length: size }, () => randomScalar(random));
	return {
		order: permutation(rows, random),
		rho: Array.from({ length: rows }, () => column(width)),
		r: column(rows),
		q: column(rows),
		o: [randomScalar(random), randomScalar(random), randomScalar(random)],
		o4: column(width),
		oq: column(rows),
		ou: column(rows),
	};
}

/** Output list and proof of a shuffle with given randomness. */
export function prove(before: Uint8Array, stage: Stage, secret: ShuffleSecrets): [Uint8Array, Uint8Array] {
	const { width, key } = stage;
	const points = readPoints(before);
	const size = secret.order.length;
	const mixed: Point[] = secret.order.flatMap((source, row) =>
		Array.from({ length: width }, (_, k) => k).flatMap((k) => {
			const at = 2 * (source * width + k);
			const rho = value(value(secret.rho, row), k);
			return [value(points, at).add(timesBase(rho)), value(points, at + 1).add(times(rho, key))];
		}),
	);
	const after = bytesOf(mixed);
	const h = Array.from({ length: size }, (_, at) => generator(at + 1));
	const commitments: Point[] = new Array(size);
	secret.order.forEach((source, row) => {
		commitments[source] = timesBase(value(secret.r, source)).add(value(h, row));
	});
	const transcript = transcriptOf(stage, size, before, after, bytesOf(commitments));
	const u = weights(transcript, size);
	const shuffled = secret.order.map((source) => value(u, source));
	const g: Point[] = [];
	const tq: Point[] = [];
	let last = generator(0);
	let chain = 0n;
	for (let at = 0; at < size; at++) {
		const weight = value(shuffled, at);
		tq.push(timesBase(value(secret.oq, at)).add(times(value(secret.ou, at), last)));
		last = timesBase(value(secret.q, at)).add(times(weight, last));
		g.push(last);
		chain = mod(weight * chain + value(secret.q, at));
	}
	const [o1, o2, o3] = secret.o;
	const secretSum = (list: Point[]): Point => sum(list.map((point, at) => times(value(secret.ou, at), point)));
	const t = [timesBase(o1), timesBase(o2), timesBase(o3).add(secretSum(h))];
	secret.o4.forEach((o4, k) => {
		t.push(secretSum(column(mixed, 2 * k, 2 * width)).subtract(timesBase(o4)));
		t.push(secretSum(column(mixed, 2 * k + 1, 2 * width)).subtract(times(o4, key)));
	});
	const promise = bytesOf([...g, ...tq, ...t]);
	const e = hashToScalar("pb/shuf/c", transcript, promise);
	const add = (values: bigint[]): bigint => values.reduce((whole, part) => whole + part, 0n);
	const answers = [
		o1 + e * add(secret.r),
		o2 + e * chain,
		o3 + e * add(u.map((weight, at) => weight * value(secret.r, at))),
		...secret.o4.map((o4, k) => o4 + e * add(shuffled.map((weight, at) => weight * value(value(secret.rho, at), k)))),
		...secret.oq.map((oq, at) => oq + e * value(secret.q, at)),
		...secret.ou.map((ou, at) => ou + e * value(shuffled, at)),
	];
	return [after, concat(bytesOf(commitments), promise, ...answers.map((answer) => scalarBytes(mod(answer))))];
}

/** Check that `after` is a shuffle of `before`; throws saying what does not hold. */
export function verify(before: Uint8Array, after: Uint8Array, proof: Uint8Array, stage: Stage): void {
	const { width, key } = stage;
	const points = readPoints(before);
	const mixed = readPoints(after);
	const size = points.length / (2 * width);
	if (size < 1 || !Number.isInteger(size) || mixed.length !== points.length) throw new Error("lengths of the lists");
	if (proof.length !== 160 * size + 32 * (6 + 3 * width)) throw new Error("length of the proof");
	const end = SIZE * (3 * size + 3 + 2 * width);
	const read = readPoints(proof.subarray(0, end));
	const [c, g, tq] = [read.slice(0, size), read.slice(size, 2 * size), read.slice(2 * size, 3 * size)];
	const t = read.slice(3 * size);
	const s = Array.from({ length: (proof.length - end) / SIZE }, (_, at) =>
		readScalar(proof.subarray(end + SIZE * at, end + SIZE * (at + 1))),
	);
	const sq = s.slice(3 + width, 3 + width + size);
	const su = s.slice(3 + width + size);
	const h = Array.from({ length: size }, (_, at) => generator(at + 1));
	const transcript = transcriptOf(stage, size, before, after, proof.subarray(0, SIZE * size));
	const u = weights(transcript, size);
	const e = hashToScalar("pb/shuf/c", transcript, proof.subarray(SIZE * size, end));
	const eu = u.map((weight) => mod(e * weight));
	const product = u.reduce((whole, weight) => mod(whole * weight), 1n);
	const require = (left: Point, promised: number, rest: Point, fault: string): void => {
		if (!left.equals(value(t, promised).add(rest))) throw new Error(fault);
	};
	require(timesBasePublic(value(s, 0)), 0, timesPublic(e, sum(c).subtract(sum(h))), "the order is not one of all rows");
	const closing = value(g, size - 1).subtract(timesPublic(product, generator(0)));
	require(timesBasePublic(value(s, 1)), 1, timesPublic(e, closing), "the chain does not close");
	require(timesBasePublic(value(s, 2)).add(combination(su, h)), 2, combination(
		eu,
		c,
	), "the weights are not those of the order");
	for (let k = 0; k < width; k++) {
		const answer = value(s, 3 + k);
		const a = combination(su, column(mixed, 2 * k, 2 * width)).subtract(timesBasePublic(answer));
		const b = combination(su, column(mixed, 2 * k + 1, 2 * width)).subtract(timesPublic(answer, key));
		require(a, 3 + 2 * k, combination(eu, column(points, 2 * k, 2 * width)), "a row was changed");
		require(b, 4 + 2 * k, combination(eu, column(points, 2 * k + 1, 2 * width)), "a row was changed");
	}
	g.forEach((link, at) => {
		const previous = at === 0 ? generator(0) : value(g, at - 1);
		const left = timesBasePublic(value(sq, at)).add(timesPublic(value(su, at), previous));
		if (!left.equals(value(tq, at).add(timesPublic(e, link)))) throw new Error("a link of the chain does not hold");
	});
}

/** A uniform order of 0..size-1, by Fisher and Yates with unbiased draws. */
export function permutation(size: number, random: Random): number[] {
	const order = Array.from({ length: size }, (_, at) => at);
	for (let last = size - 1; last > 0; last--) {
		const chosen = below(last + 1, random);
		[order[last], order[chosen]] = [value(order, chosen), value(order, last)];
	}
	return order;
}

function below(limit: number, random: Random): number {
	const fair = 2 ** 32 - (2 ** 32 % limit);
	for (;;) {
		const drawn = new DataView(random(4).buffer).getUint32(0);
		if (drawn < fair) return drawn % limit;
	}
}

function transcriptOf(stage: Stage, rows: number, before: Uint8Array, after: Uint8Array, c: Uint8Array): Uint8Array {
	const { eid, contest, number, trustee, key, width } = stage;
	const numbers = [u32(number), u32(trustee), key.toBytes(), u32(rows), u32(width)];
	return h64("pb/shuf", eid, utf8(contest), ...numbers, before, after, c);
}

const weights = (transcript: Uint8Array, size: number): bigint[] =>
	Array.from({ length: size }, (_, at) => hashToScalar("pb/shuf/u", transcript, u32(at + 1)));

const bytesOf = (points: Point[]): Uint8Array => concat(...points.map((point) => point.toBytes()));

const column = (points: Point[], first: number, step: number): Point[] => points.filter((_, at) => at % step === first);

/** The element at a place that is known to be there. */
function value<T>(list: T[], at: number): T {
	const found = list[at];
	if (found === undefined) throw new Error("a list is too short");
	return found;
}
