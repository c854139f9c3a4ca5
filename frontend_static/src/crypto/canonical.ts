// Canonical JSON: one value has exactly one spelling (docs/schemas/bundle.md section 1).
import { same, utf8 } from "./bytes";

export type Json = string | number | boolean | Json[] | { [key: string]: Json };

const KEY = /^[a-z][a-z0-9_]*$/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** The canonical JSON of a value. Throws for null, fractions, integers from 2^53 on, odd keys and lone surrogates. */
export function encode(value: Json): Uint8Array {
	return utf8(spell(value));
}

/** The value whose canonical JSON is exactly these bytes. Throws for any other spelling. */
export function decode(data: Uint8Array): Json {
	const value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data)) as Json;
	if (!same(encode(value), data)) throw new Error("not in canonical form");
	return value;
}

function spell(value: Json): string {
	switch (typeof value) {
		case "string":
			if (LONE_SURROGATE.test(value)) throw new Error("a string holds a lone surrogate");
			return JSON.stringify(value);
		case "boolean":
			return String(value);
		case "number":
			if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw new Error("not an integer below 2^53");
			return String(value);
		case "object":
			if (value === null) throw new Error("null has no canonical form");
			if (Array.isArray(value)) return `[${value.map(spell).join(",")}]`;
			return `{${Object.keys(value)
				.sort()
				.map((key) => {
					if (!KEY.test(key)) throw new Error("not a key");
					return `"${key}":${spell(value[key] as Json)}`;
				})
				.join(",")}}`;
		default:
			throw new Error(`${typeof value} has no canonical form`);
	}
}
