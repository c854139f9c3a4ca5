// Bytes, their spellings, and hashing of several parts (docs/protocol.md section 1).
import { sha256, sha512 } from "@noble/hashes/sha2.js";

const text = new TextEncoder();
const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Bytes of a text in UTF-8. */
export const utf8 = (value: string): Uint8Array => text.encode(value);

export function concat(...parts: Uint8Array[]): Uint8Array {
	const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
	let at = 0;
	for (const part of parts) {
		whole.set(part, at);
		at += part.length;
	}
	return whole;
}

/** Whether both hold the same bytes. For public values: the time it takes tells where they differ. */
export function same(one: Uint8Array, other: Uint8Array): boolean {
	return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** Which of two comes first as a byte string: negative, zero or positive, as `sort` takes it. */
export function compare(one: Uint8Array, other: Uint8Array): number {
	for (let at = 0; at < Math.min(one.length, other.length); at++) {
		const difference = (one[at] ?? 0) - (other[at] ?? 0);
		if (difference !== 0) return difference;
	}
	return one.length - other.length;
}

export const hex = (data: Uint8Array): string =>
	Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");

export function unhex(value: string): Uint8Array {
	if (!/^([0-9a-f]{2})*$/.test(value)) throw new Error("not hexadecimal");
	return Uint8Array.from(value.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** base64url without padding (RFC 4648 section 5). */
export function b64u(data: Uint8Array): string {
	return btoa(String.fromCharCode(...data))
		.replaceAll("+", "-")
		.replaceAll("/", "_")
		.replaceAll("=", "");
}

/** The bytes that `b64u` spells so; refuses every other spelling, and another length than `size`. */
export function unb64u(value: string, size?: number): Uint8Array {
	if (!/^[A-Za-z0-9_-]*$/.test(value) || value.length % 4 === 1) throw new Error("not base64url");
	const data = Uint8Array.from(atob(value.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
	if (b64u(data) !== value) throw new Error("not canonical base64url");
	if (size !== undefined && data.length !== size) throw new Error(`expected ${size} bytes`);
	return data;
}

/** Crockford's base32: bits from the left in fives, zero bits added at the end. */
export function crockford(data: Uint8Array): string {
	let symbols = "";
	let held = 0;
	let bits = 0;
	for (const byte of data) {
		held = (held << 8) | byte;
		bits += 8;
		while (bits >= 5) {
			bits -= 5;
			symbols += CROCKFORD[(held >> bits) & 31];
		}
		held &= (1 << bits) - 1;
	}
	return bits > 0 ? symbols + CROCKFORD[(held << (5 - bits)) & 31] : symbols;
}

/** An integer as a part of a hash: 4 bytes, big-endian. */
export function u32(value: number): Uint8Array {
	if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32) throw new Error("not an integer of 32 bits");
	const data = new Uint8Array(4);
	new DataView(data.buffer).setUint32(0, value);
	return data;
}

/** Each part preceded by its length: no two lists of parts give the same bytes. */
export function frame(...parts: Uint8Array[]): Uint8Array {
	return concat(...parts.flatMap((part) => [u32(part.length), part]));
}

export const h32 = (tag: string, ...parts: Uint8Array[]): Uint8Array => sha256(frame(utf8(tag), ...parts));

export const h64 = (tag: string, ...parts: Uint8Array[]): Uint8Array => sha512(frame(utf8(tag), ...parts));
