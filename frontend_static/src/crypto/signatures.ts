// Ed25519 as every checker must see it: one equation, no odd keys (docs/schemas/bundle.md section 3).
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { b64u, concat, same, unb64u, utf8 } from "./bytes";
import { encode, type Json } from "./canonical";

const Point = ed25519.Point;
const ORDER = Point.Fn.ORDER;

/** Whether a signature is valid: a sound key, S below the order, and the bytes of [S]B - [k]A equal R. */
export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
	if (publicKey.length !== 32 || signature.length !== 64) return false;
	try {
		const key = Point.fromBytes(publicKey); // strict: refuses y from the prime on
		if (key.isSmallOrder() || !same(key.toBytes(), publicKey)) return false;
		const s = littleEndian(signature.subarray(32));
		if (s >= ORDER) return false;
		const k = littleEndian(sha512(concat(signature.subarray(0, 32), publicKey, message))) % ORDER;
		const r = Point.BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(k));
		return same(r.toBytes(), signature.subarray(0, 32));
	} catch {
		return false;
	}
}

/** What is signed of an entry: its kind and the canonical JSON of everything but `sg`. */
export function messageOf(entry: { [key: string]: Json }): Uint8Array {
	const { sg: _, ...rest } = entry;
	return concat(utf8(`pb/sig/${String(entry.k)}`), Uint8Array.of(0), encode(rest));
}

/** Whether exactly the keys named signed an entry. */
export function verifyEntry(entry: { [key: string]: Json }, keys: { [name: string]: Uint8Array }): boolean {
	const pairs = Array.isArray(entry.sg) ? (entry.sg as [string, string][]) : [];
	const names = pairs.map(([name]) => name).sort();
	if (names.join() !== Object.keys(keys).sort().join() || new Set(names).size !== names.length) return false;
	const message = messageOf(entry);
	return pairs.every(([name, text]) => {
		const key = keys[name];
		return key !== undefined && verify(key, message, unb64u(text, 64));
	});
}

/** The entry with one signature by a key whose seed is at hand. Keys of people live in WebCrypto instead. */
export function signEntry(entry: { [key: string]: Json }, name: string, seed: Uint8Array): { [key: string]: Json } {
	return { ...entry, sg: [[name, b64u(ed25519.sign(messageOf(entry), seed))]] };
}

/** The public half of the key that a seed stands for. */
export const publicKey = (seed: Uint8Array): Uint8Array => ed25519.getPublicKey(seed);

function littleEndian(data: Uint8Array): bigint {
	return data.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
