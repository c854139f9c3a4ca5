// HPKE in base mode for one message a key (RFC 9180): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305.
// Trustees seal shares with it (docs/protocol.md section 4). The program that voters load has no part of it.
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, utf8 } from "./bytes";
import type { Random } from "./group";

const EMPTY = new Uint8Array();
const VERSION = utf8("HPKE-v1");
const KEM = concat(utf8("KEM"), Uint8Array.of(0, 0x20));
const SUITE = concat(utf8("HPKE"), Uint8Array.of(0, 0x20, 0, 1, 0, 3));
const KEY_SIZE = 32;
const NONCE_SIZE = 12;

/** The public half of a key for receiving. */
export const publicHalf = (secret: Uint8Array): Uint8Array => x25519.getPublicKey(secret);

/** Seal a message to a public key: the encapsulated key, then the ciphertext. Throws for a key of small order. */
export function sealTo(
	receiver: Uint8Array,
	message: Uint8Array,
	info: Uint8Array,
	random: Random,
	aad: Uint8Array = EMPTY,
): Uint8Array {
	const ephemeral = random(KEY_SIZE);
	const enc = publicHalf(ephemeral);
	const shared = sharedSecret(x25519.getSharedSecret(ephemeral, receiver), enc, receiver);
	return concat(enc, cipher(shared, info, aad).encrypt(message));
}

/** The message of what `sealTo` made; throws unless exactly this was sealed to this key with this `info`. */
export function openWith(
	secret: Uint8Array,
	sealed: Uint8Array,
	info: Uint8Array,
	aad: Uint8Array = EMPTY,
): Uint8Array {
	const enc = sealed.subarray(0, KEY_SIZE);
	const shared = sharedSecret(x25519.getSharedSecret(secret, enc), enc, publicHalf(secret));
	return cipher(shared, info, aad).decrypt(sealed.subarray(KEY_SIZE));
}

/** ExtractAndExpand of section 4.1. */
function sharedSecret(dh: Uint8Array, enc: Uint8Array, receiver: Uint8Array): Uint8Array {
	return labeledExpand(KEM, labeledExtract(KEM, EMPTY, "eae_prk", dh), "shared_secret", concat(enc, receiver), 32);
}

/** KeySchedule of section 5.1 in mode_base; the first message has the base nonce. */
function cipher(shared: Uint8Array, info: Uint8Array, aad: Uint8Array): ReturnType<typeof chacha20poly1305> {
	const hashes = [labeledExtract(SUITE, EMPTY, "psk_id_hash", EMPTY), labeledExtract(SUITE, EMPTY, "info_hash", info)];
	const context = concat(Uint8Array.of(0), ...hashes);
	const secret = labeledExtract(SUITE, shared, "secret", EMPTY);
	const key = labeledExpand(SUITE, secret, "key", context, KEY_SIZE);
	return chacha20poly1305(key, labeledExpand(SUITE, secret, "base_nonce", context, NONCE_SIZE), aad);
}

function labeledExtract(suite: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array {
	return extract(sha256, concat(VERSION, suite, utf8(label), ikm), salt);
}

function labeledExpand(suite: Uint8Array, prk: Uint8Array, label: string, info: Uint8Array, size: number): Uint8Array {
	return expand(sha256, prk, concat(Uint8Array.of(0, size), VERSION, suite, utf8(label), info), size);
}
