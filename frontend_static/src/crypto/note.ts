// Signed tree heads: C2SP tlog-checkpoint with the log's signature (0x01) and witnesses' cosignatures (0x04).
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, same, utf8 } from "./bytes";
import { verify } from "./signatures";

export interface Checkpoint {
	origin: string;
	size: number;
	root: Uint8Array;
	/** What the log signs. */
	text: string;
	signatures: { name: string; id: Uint8Array; body: Uint8Array }[];
}

/** A key of a log (`algorithm` 1) or of a witness (4), as its `vkey` text says. */
export interface VerifierKey {
	name: string;
	algorithm: number;
	key: Uint8Array;
}

const TEXT = /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n$/;
const LINE = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/;

/** The tree head that a note states, unverified; throws for any other form. */
export function parseCheckpoint(note: string): Checkpoint {
	const cut = note.indexOf("\n\n");
	const match = TEXT.exec(note.slice(0, cut + 1));
	if (cut < 0 || match === null || !note.endsWith("\n")) throw new Error("not a checkpoint");
	const [text, origin, size, root] = match as unknown as [string, string, string, string];
	if (!Number.isSafeInteger(Number(size))) throw new Error("not a checkpoint");
	const signatures = note
		.slice(cut + 2, -1)
		.split("\n")
		.map((line) => {
			const found = LINE.exec(line) as unknown as [string, string, string] | null;
			if (found === null) throw new Error("not a signature line");
			const blob = base64(found[2]);
			if (blob.length < 5) throw new Error("not a signature line");
			return { name: found[1], id: blob.subarray(0, 4), body: blob.subarray(4) };
		});
	return { origin, size: Number(size), root: base64(root), text, signatures };
}

/** The key of a `vkey` text: name, key id, algorithm and key; throws unless they fit each other. */
export function parseKey(vkey: string): VerifierKey {
	const found = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(vkey) as unknown as string[] | null;
	if (found === null) throw new Error("not a verifier key");
	const blob = base64(found[3] ?? "");
	const parsed = { name: found[1] ?? "", algorithm: blob[0] ?? 0, key: blob.subarray(1) };
	const id = Array.from(keyId(parsed), (byte) => byte.toString(16).padStart(2, "0")).join("");
	if (blob.length !== 33 || id !== found[2]) throw new Error("not a verifier key");
	return parsed;
}

/** Whether the log of this key signed the checkpoint, exactly once. */
export function isSignedByLog(checkpoint: Checkpoint, log: VerifierKey): boolean {
	const [own, ...more] = signaturesOf(checkpoint, log);
	return (
		checkpoint.origin === log.name &&
		own !== undefined &&
		more.length === 0 &&
		verify(log.key, utf8(checkpoint.text), own)
	);
}

/** When each of the witnesses that signed the checkpoint did so, in seconds UTC, by name. */
export function cosignedAt(checkpoint: Checkpoint, witnesses: VerifierKey[]): Map<string, number> {
	const times = new Map<string, number>();
	for (const witness of witnesses) {
		for (const body of signaturesOf(checkpoint, witness)) {
			if (witness.algorithm !== 4 || body.length !== 72) continue;
			const at = Number(new DataView(body.buffer, body.byteOffset, 8).getBigUint64(0));
			const message = utf8(`cosignature/v1\ntime ${at}\n${checkpoint.text}`);
			if (Number.isSafeInteger(at) && verify(witness.key, message, body.subarray(8))) times.set(witness.name, at);
		}
	}
	return times;
}

function signaturesOf(checkpoint: Checkpoint, key: VerifierKey): Uint8Array[] {
	return checkpoint.signatures
		.filter(({ name, id }) => name === key.name && same(id, keyId(key)))
		.map(({ body }) => body);
}

function keyId({ name, algorithm, key }: VerifierKey): Uint8Array {
	return sha256(concat(utf8(`${name}\n`), Uint8Array.of(algorithm), key)).subarray(0, 4);
}

/** Standard base64 whose spare bits are zero. */
export function base64(text: string): Uint8Array {
	const data = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
	if (btoa(String.fromCharCode(...data)) !== text) throw new Error("not base64");
	return data;
}
