// The Merkle tree of RFC 6962 section 2.1: leaf hashes, and checking what a log proves of itself.
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, same } from "./bytes";

export const leafHash = (entry: Uint8Array): Uint8Array => sha256(concat(Uint8Array.of(0), entry));

const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(concat(Uint8Array.of(1), left, right));

/** The tree hash over leaf hashes. */
export function root(leaves: Uint8Array[]): Uint8Array {
	if (leaves.length === 0) return sha256(new Uint8Array());
	if (leaves.length === 1) return leaves[0] ?? new Uint8Array();
	let split = 1;
	while (2 * split < leaves.length) split *= 2;
	return nodeHash(root(leaves.slice(0, split)), root(leaves.slice(split)));
}

/** Whether the path proves that the leaf stands at that index of the tree (RFC 9162 section 2.1.3.2). */
export function includes(
	leaf: Uint8Array,
	index: number,
	size: number,
	path: Uint8Array[],
	treeRoot: Uint8Array,
): boolean {
	if (index < 0 || index >= size) return false;
	let node = index;
	let last = size - 1;
	let hash = leaf;
	for (const sibling of path) {
		if (last === 0) return false;
		if (node % 2 === 1 || node === last) {
			hash = nodeHash(sibling, hash);
			while (node % 2 === 0 && node !== 0) {
				node = Math.floor(node / 2);
				last = Math.floor(last / 2);
			}
		} else hash = nodeHash(hash, sibling);
		node = Math.floor(node / 2);
		last = Math.floor(last / 2);
	}
	return last === 0 && same(hash, treeRoot);
}

/** Whether the path proves that the smaller tree is the beginning of the larger (RFC 9162 section 2.1.4.2). */
export function extends_(
	smaller: { size: number; root: Uint8Array },
	larger: { size: number; root: Uint8Array },
	path: Uint8Array[],
): boolean {
	if (smaller.size === larger.size) return path.length === 0 && same(smaller.root, larger.root);
	if (smaller.size === 0) return path.length === 0;
	if (smaller.size > larger.size || path.length === 0) return false;
	const powerOfTwo = Number.isInteger(Math.log2(smaller.size));
	const hashes = powerOfTwo ? [smaller.root, ...path] : path;
	let node = smaller.size - 1;
	let last = larger.size - 1;
	while (node % 2 === 1) {
		node = Math.floor(node / 2);
		last = Math.floor(last / 2);
	}
	let [one, other] = [hashes[0] as Uint8Array, hashes[0] as Uint8Array];
	for (const sibling of hashes.slice(1)) {
		if (last === 0) return false;
		if (node % 2 === 1 || node === last) {
			one = nodeHash(sibling, one);
			other = nodeHash(sibling, other);
			while (node % 2 === 0 && node !== 0) {
				node = Math.floor(node / 2);
				last = Math.floor(last / 2);
			}
		} else other = nodeHash(other, sibling);
		node = Math.floor(node / 2);
		last = Math.floor(last / 2);
	}
	return last === 0 && same(one, smaller.root) && same(other, larger.root);
}
