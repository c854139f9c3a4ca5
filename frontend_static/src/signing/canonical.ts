/**
 * Canonical JSON and the message that is signed (docs/schemas/bundle.md sections 1 and 3): the same bytes as
 * pb_service/core/record/canonical.py makes, so that what is shown, signed and checked is one thing.
 */

export type Value = string | number | boolean | Value[] | Fields;
export type Fields = { [name: string]: Value };

const KEY = /^[a-z][a-z0-9_]*$/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** The canonical JSON of a value. Throws for null, floats, integers from 2^53 on, odd keys and lone surrogates. */
export function canonical(value: unknown): string {
	if (typeof value === "string") {
		if (LONE_SURROGATE.test(value)) throw new TypeError("a string holds a lone surrogate");
		return JSON.stringify(value);
	}
	if (typeof value === "boolean") return String(value);
	if (typeof value === "number") {
		if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw new TypeError("only integers below 2^53");
		return String(value);
	}
	if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
	if (typeof value !== "object" || value === null) throw new TypeError("a value without a canonical form");
	const names = Object.keys(value).sort();
	if (!names.every((name) => KEY.test(name))) throw new TypeError("a key that is not small letters, digits, _");
	return `{${names.map((name) => `"${name}":${canonical((value as Fields)[name])}`).join(",")}}`;
}

/** The fields that a text says, if the text is their canonical JSON and nothing else. */
export function fieldsOf(text: string): Fields {
	const read: unknown = JSON.parse(text);
	if (canonical(read) !== text || typeof read !== "object" || Array.isArray(read)) {
		throw new TypeError("not an entry in canonical form");
	}
	return read as Fields;
}

/** What Ed25519 signs: "pb/sig/", the kind, a zero byte, and the canonical JSON of the entry without its signatures. */
export function message(entry: Fields): Uint8Array<ArrayBuffer> {
	if (typeof entry.k !== "string" || "sg" in entry) throw new TypeError("an entry has a kind, and is not signed yet");
	return new TextEncoder().encode(`pb/sig/${entry.k}\0${canonical(entry)}`);
}

/** Bytes in base64url without padding. */
export function b64u(bytes: ArrayBuffer): string {
	const base64 = btoa(String.fromCharCode(...new Uint8Array(bytes)));
	return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
