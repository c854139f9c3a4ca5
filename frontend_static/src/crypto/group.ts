// The group ristretto255 (RFC 9496), reached only here. Points travel as their 32 bytes, scalars as integers below ORDER.
import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { h64, utf8 } from "./bytes";

export type Point = InstanceType<typeof ristretto255.Point>;
/** Returns that many random bytes. */
export type Random = (size: number) => Uint8Array;

export const ORDER: bigint = ristretto255.Point.Fn.ORDER;
export const SIZE = 32;
export const IDENTITY: Point = ristretto255.Point.ZERO;
const BASE = ristretto255.Point.BASE;

/** The randomness of the browser. */
export const systemRandom: Random = (size) => crypto.getRandomValues(new Uint8Array(size));

/** A point as read: throws unless it is canonical and not the identity. */
export function readPoint(data: Uint8Array): Point {
	const point = ristretto255.Point.fromBytes(data);
	if (point.is0()) throw new Error("the identity, where a point is asked for");
	return point;
}

export function isPoint(data: Uint8Array): boolean {
	try {
		readPoint(data);
		return true;
	} catch {
		return false;
	}
}

/** Concatenated points as a list. */
export function readPoints(data: Uint8Array): Point[] {
	if (data.length % SIZE !== 0) throw new Error("not whole points");
	return Array.from({ length: data.length / SIZE }, (_, at) => readPoint(data.subarray(SIZE * at, SIZE * (at + 1))));
}

/** Modulo the order, never negative. */
export function mod(value: bigint): bigint {
	const rest = value % ORDER;
	return rest < 0n ? rest + ORDER : rest;
}

/** A scalar as read, little-endian: throws unless it has 32 bytes and lies below the order. */
export function readScalar(data: Uint8Array): bigint {
	const scalar = littleEndian(data);
	if (data.length !== SIZE || scalar >= ORDER) throw new Error("not a scalar below the order of the group");
	return scalar;
}

export function scalarBytes(scalar: bigint): Uint8Array {
	const data = new Uint8Array(SIZE);
	let rest = mod(scalar);
	for (let at = 0; at < SIZE; at++) {
		data[at] = Number(rest & 255n);
		rest >>= 8n;
	}
	return data;
}

/** A scalar whose distance from uniform nobody can notice: 64 random bytes reduced by the order. */
export const randomScalar = (random: Random): bigint => littleEndian(random(64)) % ORDER;

/** Hs of docs/protocol.md: H64 as a little-endian integer, reduced by the order. */
export const hashToScalar = (tag: string, ...parts: Uint8Array[]): bigint => littleEndian(h64(tag, ...parts)) % ORDER;

const generators = new Map<number, Point>();

/** gen(number): a point whose logarithm to any other nobody knows (RFC 9496 section 4.3.4). */
export function generator(number: number): Point {
	let point = generators.get(number);
	if (point === undefined) {
		point = ristretto255_hasher.deriveToCurve?.(sha512(utf8(`pb/h/${number}`)));
		if (point === undefined) throw new Error("this library derives no points");
		generators.set(number, point);
	}
	return point;
}

/** scalar x point for secret scalars: in a time that tells as little of them as the library can. */
export const times = (scalar: bigint, point: Point): Point => (scalar === 0n ? IDENTITY : point.multiply(scalar));

/** scalar x point where both are public: faster. */
export const timesPublic = (scalar: bigint, point: Point): Point => point.multiplyUnsafe(scalar);

/** scalar x G where the scalar is public. */
export const timesBasePublic = (scalar: bigint): Point => BASE.multiplyUnsafe(scalar);

/** scalar x G. */
export const timesBase = (scalar: bigint): Point => times(scalar, BASE);

/** The sum of scalar x point over both lists. For public values. */
export function combination(scalars: bigint[], points: Point[]): Point {
	if (scalars.length !== points.length) throw new Error("as many scalars as points");
	return points.reduce((sum, point, at) => sum.add(timesPublic(scalars[at] ?? 0n, point)), IDENTITY);
}

export const sum = (points: Point[]): Point => points.reduce((total, point) => total.add(point), IDENTITY);

function littleEndian(data: Uint8Array): bigint {
	let value = 0n;
	for (let at = data.length - 1; at >= 0; at--) value = (value << 8n) | BigInt(data[at] ?? 0);
	return value;
}
