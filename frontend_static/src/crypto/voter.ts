// What ties an envelope to a person without naming her: alias, nonce, token hash, code letter (docs/protocol.md section 6).
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { b64u, h32, utf8 } from "./bytes";

const SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";

/** The alias of a person in a group; `pid` as the identity provider spells it. */
export function aliasOf(salt: Uint8Array, pid: string, group: string): Uint8Array {
	// Not trim(): it takes more for white space than ASCII has.
	const person = pid
		.normalize("NFC")
		.replace(/^[ \t-\r]+|[ \t-\r]+$/g, "")
		.toUpperCase();
	return h32("pb/alias", salt, utf8(person), utf8(group));
}

/** The nonce of a sign-in for voting: it binds the session key, and tells the provider nothing. */
export const nonceOf = (eid: Uint8Array, sessionKey: Uint8Array, blind: Uint8Array): string =>
	b64u(h32("pb/nonce", eid, sessionKey, blind));

export const tokenHash = (blind: Uint8Array, token: string): Uint8Array => h32("pb/token", blind, utf8(token));

/** The twenty symbols of a code letter as typed with its check symbol; throws "form" or "symbol" for a slip of the pen. */
export function readCode(typed: string): string {
	const code = typed.toUpperCase().replace(/[-\s]/g, "").replaceAll("O", "0").replace(/[IL]/g, "1");
	if (!/^[0-9A-HJKMNP-TV-Z]{20}[0-9A-HJKMNP-TV-Z*~$=U]$/.test(code)) throw new Error("form");
	if (checkSymbol(code.slice(0, 20)) !== code[20]) throw new Error("symbol");
	return code.slice(0, 20);
}

/** Crockford's check symbol: the number modulo 37. */
export function checkSymbol(code: string): string {
	const value = [...code].reduce((sum, symbol) => (sum * 32 + SYMBOLS.indexOf(symbol)) % 37, 0);
	return SYMBOLS[value] ?? "";
}

/** The seed of the Ed25519 key that a code letter stands for. */
export const codeSeed = (code: string, origin: string, group: string): Uint8Array =>
	hkdf(sha256, utf8(code), utf8(origin), utf8(`pb/code/${group}`), 32);
