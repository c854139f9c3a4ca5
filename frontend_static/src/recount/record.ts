// The record in a bundle: the signed tree head, and all entries under it (docs/schemas/bundle.md section 3).
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, same, unb64u } from "../crypto/bytes";
import { decode, type Json } from "../crypto/canonical";
import { leafHash } from "../crypto/merkle";
import { cosignedAt, isSignedByLog, parseCheckpoint, parseKey } from "../crypto/note";
import { verifyEntry } from "../crypto/signatures";
import type { Manifest } from "./manifest";
import { holds, Wrong } from "./wrong";

export type Entry = { [field: string]: Json };

const FULL = 256;
const DOTTED = /^[a-z]+(\.[a-z]+)+$/;
const SLACK = 300; // seconds that the time of an entry may lie before the one before it

/** Names of the members that hold the record. */
export const isOfRecord = (name: string): boolean => name === "checkpoint" || name.startsWith("tile/");

/** The entries of the record, each canonical. Throws Wrong unless the tree over them is the one that was signed. */
export function readRecord(members: Map<string, Uint8Array>, manifest: Manifest): Entry[] {
	const bodies = entriesOf(members);
	checkTree(members, bodies, manifest);
	return bodies.map((body, index) =>
		holds("record", `entry ${index}`, () => {
			const entry = decode(body);
			if (typeof entry !== "object" || Array.isArray(entry) || entry.v !== 1) throw new Error("not an entry");
			return entry;
		}),
	);
}

/** The entry of a kind and, if given, of a contest, signed by the operator for this election. There must be one. */
export function signedBy(entries: Entry[], manifest: Manifest, kind: string, contest?: string): Entry {
	const found = entries.flatMap((entry, index): [Entry, number][] =>
		entry.k === kind && (contest === undefined || entry.d === contest) ? [[entry, index]] : [],
	);
	const [[entry, index] = [undefined, 0], ...more] = found;
	const place = contest === undefined ? kind : `${kind} ${contest}`;
	if (entry === undefined || more.length > 0) throw new Wrong("record", place, "there must be one such entry");
	if (entry.e !== manifest.eid) throw new Wrong("record", `entry ${index}`, "of another election");
	const pairs = Array.isArray(entry.sg) ? (entry.sg as [string, string][]) : [];
	// In a sealed vote others sign the manifest too; which of them must is checked by `pb-verify`.
	const own = pairs.filter(([name]) => name === "op");
	const alone = { ...entry, sg: kind === "manifest" && manifest.sealed ? own : pairs };
	if (!holds("record", `entry ${index}`, () => verifyEntry(alone, { op: manifest.operatorKey })))
		throw new Wrong("record", `entry ${index}`, "not signed by the operator");
	return entry;
}

/** In mode `open` every entry is of a kind that it has, in order; throws Wrong at the first that is not. */
export function checkOrder(entries: Entry[], manifest: Manifest): void {
	let time = 0;
	const order: Json[] = [];
	entries.forEach((entry, index) => {
		const place = `entry ${index}`;
		const kind = String(entry.k);
		const fields = Object.keys(entry).sort().join();
		const needed = DOTTED.test(kind) ? "by,h,k,o,t,v" : FIELDS[kind];
		if (fields !== needed) throw new Wrong("record", place, `not an entry of the kind ${kind}`);
		if (!DOTTED.test(kind)) order.push(kind);
		else if (!/^[a-z]+$/.test(String(entry.by)) || !/^[A-Za-z0-9._:/-]{1,128}$/.test(String(entry.o)))
			throw new Wrong("record", place, "not an entry");
		else holds("record", place, () => unb64u(String(entry.h), 32));
		const at = entry.t ?? entry.ts;
		if (at === undefined) return;
		if (typeof at !== "number" || at < 0 || at < time - SLACK) throw new Wrong("record", place, "times run backwards");
		time = at;
	});
	const expected = ["manifest", "close", ...manifest.contests.map(() => "result")];
	if (order.join() !== expected.join()) throw new Wrong("record", "order of entries", `not ${expected.join(", ")}`);
	const close = entries.findIndex(({ k }) => k === "close");
	if (entries[close]?.n !== close)
		throw new Wrong("record", `entry ${close}`, "n is not the size of the log before it");
}

const FIELDS: { [kind: string]: string } = {
	manifest: "e,f,k,sg,v",
	close: "e,k,n,sg,ts,v",
	result: "bal,d,e,k,out,sg,v",
};

function entriesOf(members: Map<string, Uint8Array>): Uint8Array[] {
	const bundles = [...members].filter(([name]) => name.startsWith("tile/entries/"));
	const bodies: Uint8Array[] = [];
	// Tiles are named by number, so that their order follows from how many there are.
	for (let tile = 0; tile < bundles.length; tile++) {
		const found = bundles.find(([name]) => indexOf(name, "entries") === tile);
		if (found === undefined) throw new Wrong("record", tilePath("entries", tile, FULL), "it is missing");
		const [name, data] = found;
		for (let at = 0; at < data.length; ) {
			const size = ((data[at] as number) << 8) | (data[at + 1] ?? 0);
			if (at + 2 + size > data.length) throw new Wrong("record", name, "it ends within an entry");
			bodies.push(data.subarray(at + 2, at + 2 + size));
			at += 2 + size;
		}
	}
	return bodies;
}

function checkTree(members: Map<string, Uint8Array>, bodies: Uint8Array[], manifest: Manifest): void {
	const expected = new Set<string>();
	for (let start = 0; start < bodies.length; start += FULL)
		expected.add(tilePath("entries", start / FULL, Math.min(FULL, bodies.length - start)));
	// Each level of tiles holds the hashes of the full tiles of the level below.
	let hashes = bodies.map(leafHash);
	for (let level = 0; hashes.length > 0; level++) {
		const above: Uint8Array[] = [];
		for (let start = 0; start < hashes.length; start += FULL) {
			const some = hashes.slice(start, start + FULL);
			const name = tilePath(String(level), start / FULL, some.length);
			expected.add(name);
			const given = members.get(name);
			if (given === undefined || !same(given, concat(...some)))
				throw new Wrong("record", name, "it does not hold the hashes of the entries");
			if (some.length === FULL) above.push(fold(some));
		}
		hashes = above;
	}
	for (const name of members.keys())
		if (name.startsWith("tile/") && !expected.has(name)) throw new Wrong("record", name, "no tile of this record");
	const note = members.get("checkpoint");
	if (note === undefined) throw new Wrong("record", "checkpoint", "it is missing");
	holds("record", "checkpoint", () => {
		const head = parseCheckpoint(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(note));
		if (!isSignedByLog(head, { name: manifest.origin, algorithm: 1, key: manifest.logKey }))
			throw new Error("not signed by the key of the log");
		if (head.size !== bodies.length || !same(head.root, rootOf(bodies.map(leafHash))))
			throw new Error("it signs another tree than that of the entries");
		if (cosignedAt(head, manifest.witnesses.map(parseKey)).size < manifest.quorum)
			throw new Error("fewer witnesses have signed than the manifest asks for");
	});
}

/** The tree hash, level by level: a hash without a partner goes up as it is. */
function rootOf(leaves: Uint8Array[]): Uint8Array {
	return leaves.length === 0 ? sha256(new Uint8Array()) : fold(leaves);
}

function fold(leaves: Uint8Array[]): Uint8Array {
	let level = leaves;
	while (level.length > 1) {
		const above: Uint8Array[] = [];
		for (let at = 0; at < level.length; at += 2) {
			const [left, right] = [level[at] as Uint8Array, level[at + 1]];
			above.push(right ? sha256(concat(Uint8Array.of(1), left, right)) : left);
		}
		level = above;
	}
	return level[0] as Uint8Array;
}

function tilePath(level: string, index: number, width: number): string {
	const digits = String(index).padStart(3 * Math.ceil(String(index).length / 3), "0");
	const groups = digits.match(/.../g) ?? [];
	const path = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join("/");
	return `tile/${level}/${path}${width < FULL ? `.p/${width}` : ""}`;
}

function indexOf(name: string, level: string): number {
	const path = name.slice(`tile/${level}/`.length).replace(/\.p\/\d+$/, "");
	return Number(path.replaceAll(/[x/]/g, ""));
}
