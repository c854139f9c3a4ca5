// The container of a bundle: a ZIP file in which every byte follows from the members (docs/schemas/bundle.md section 2).
import { compare, concat, same } from "../crypto/bytes";
import { Wrong } from "./wrong";

const NAME = /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/;
const LOCAL = 30; // bytes of a local header before the name
const text = new TextDecoder();

/** The members by name. Throws Wrong unless the file is exactly what these members make. */
export function members(file: Uint8Array): Map<string, Uint8Array> {
	const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
	const found = new Map<string, Uint8Array>();
	const directory: Uint8Array[] = [];
	let at = 0;
	let before = new Uint8Array();
	while (at + LOCAL <= file.length && view.getUint32(at, true) === 0x04034b50) {
		const [size, length] = [view.getUint32(at + 18, true), view.getUint16(at + 26, true)];
		const name = file.subarray(at + LOCAL, at + LOCAL + length);
		const start = at + LOCAL + length;
		const data = file.subarray(start, start + size);
		const spelt = text.decode(name);
		if (!NAME.test(spelt) || spelt.split("/").some((part) => part === "." || part === ".."))
			throw new Wrong("container", `byte ${at}`, "a name that no member has");
		if (data.length !== size) throw new Wrong("container", spelt, "it ends too early");
		if (before.length > 0 && compare(before, name) >= 0) throw new Wrong("container", spelt, "out of order");
		const fields = fieldsOf(name, data);
		if (!same(file.subarray(at, start), local(fields, name)))
			throw new Wrong("container", spelt, "its header does not fit its content");
		directory.push(central(fields, name, at));
		found.set(spelt, data);
		before = new Uint8Array(name);
		at = start + size;
	}
	const listed = concat(...directory);
	const expected = concat(listed, end(found.size, listed.length, at));
	if (found.size === 0 || !same(file.subarray(at), expected))
		throw new Wrong("container", `byte ${at}`, "its directory does not fit its members");
	return found;
}

/** Version, flags, method, time, date, checksum, sizes and length of the name: in both kinds of headers the same. */
function fieldsOf(name: Uint8Array, data: Uint8Array): Uint8Array {
	const sum = crc32(data);
	return numbers(
		[2, 20],
		[2, 0],
		[2, 0],
		[2, 0],
		[2, 33],
		[4, sum],
		[4, data.length],
		[4, data.length],
		[2, name.length],
	);
}

const local = (fields: Uint8Array, name: Uint8Array): Uint8Array =>
	concat(numbers([4, 0x04034b50]), fields, numbers([2, 0]), name);

const central = (fields: Uint8Array, name: Uint8Array, offset: number): Uint8Array =>
	concat(numbers([4, 0x02014b50], [2, 20]), fields, numbers([2, 0], [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]), name);

const end = (count: number, size: number, offset: number): Uint8Array =>
	numbers([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, offset], [2, 0]);

function numbers(...given: [size: number, value: number][]): Uint8Array {
	const bytes = given.flatMap(([size, value]) => Array.from({ length: size }, (_, at) => (value >>> (8 * at)) & 255));
	return Uint8Array.from(bytes);
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
	let value = byte;
	for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
	return value;
});

export function crc32(data: Uint8Array): number {
	let sum = 0xffffffff;
	for (const byte of data) sum = (sum >>> 8) ^ (TABLE[(sum ^ byte) & 255] as number);
	return ~sum >>> 0;
}
