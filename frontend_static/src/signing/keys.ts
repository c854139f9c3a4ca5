/**
 * Signing keys of people: Ed25519, made by this browser and kept in it. The private half cannot be exported, not even by
 * this page: what leaves the device is the public half and signatures.
 */

import { b64u } from "./canonical";

/** A key of this browser. `id` is the public half in base64url; `account` is whose it is, on a computer of several. */
export type DeviceKey = { id: string; account: string; pair: CryptoKeyPair };

const DATABASE = "pb-signing";
const STORE = "keys";

/** Make a key and keep it. Throws where the browser has no Ed25519. */
export async function makeKey(account: string): Promise<DeviceKey> {
	const pair = (await crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"])) as CryptoKeyPair;
	const id = b64u(await crypto.subtle.exportKey("raw", pair.publicKey));
	const made = { id, account, pair };
	await request("readwrite", (store) => store.add(made));
	// Ask the browser not to drop the key when the disk is full; whether it agrees changes nothing here.
	await navigator.storage?.persist?.();
	return made;
}

/** The keys of an account in this browser. */
export async function keysOf(account: string): Promise<DeviceKey[]> {
	const all = await request<DeviceKey[]>("readonly", (store) => store.getAll());
	return all.filter((key) => key.account === account);
}

/** Take a key away from this browser for ever. */
export async function dropKey(id: string): Promise<void> {
	await request("readwrite", (store) => store.delete(id));
}

/** A signature in base64url. */
export async function sign(key: DeviceKey, message: Uint8Array<ArrayBuffer>): Promise<string> {
	return b64u(await crypto.subtle.sign({ name: "Ed25519" }, key.pair.privateKey, message));
}

/** Whether this browser can make such keys: some still cannot, and none can on an address without TLS. */
export async function canSign(): Promise<boolean> {
	try {
		await crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]);
		return "indexedDB" in window;
	} catch {
		return false;
	}
}

function request<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
	return new Promise((resolve, reject) => {
		const opening = indexedDB.open(DATABASE, 1);
		opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "id" });
		opening.onerror = () => reject(opening.error);
		opening.onsuccess = () => {
			const database = opening.result;
			const transaction = database.transaction(STORE, mode);
			const asked = act(transaction.objectStore(STORE));
			transaction.oncomplete = () => {
				database.close();
				resolve(asked.result);
			};
			transaction.onabort = () => {
				database.close();
				reject(transaction.error);
			};
		};
	});
}
