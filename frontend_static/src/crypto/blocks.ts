// Payloads as points of the group (docs/protocol.md section 5): 30 bytes in the middle of a point's encoding.
import { concat, same } from "./bytes";
import { isPoint, type Point, readPoint } from "./group";
import { BLOCK } from "./payload";

/** The point whose encoding is 2c, the 30 bytes, 0 for the smallest c that gives a point other than the identity. */
export function block(data: Uint8Array): Uint8Array {
	if (data.length !== BLOCK) throw new Error("a block holds 30 bytes");
	for (let counter = 0; counter < 256; counter += 2) {
		const encoded = concat(Uint8Array.of(counter), data, Uint8Array.of(0));
		if (isPoint(encoded)) return encoded;
	}
	throw new Error("no point for these bytes");
}

/** The points of a payload, one for each 30 bytes. */
export function blocks(payload: Uint8Array): Point[] {
	return Array.from({ length: payload.length / BLOCK }, (_, at) =>
		readPoint(block(payload.subarray(BLOCK * at, BLOCK * (at + 1)))),
	);
}

/** The payload of decrypted points; throws for a point that `block` would not have made. */
export function payloadOf(points: Uint8Array[]): Uint8Array {
	return concat(
		...points.map((point) => {
			const data = point.subarray(1, BLOCK + 1);
			if (!isPoint(point) || !same(block(data), point)) throw new Error("not the block of any bytes");
			return data;
		}),
	);
}
