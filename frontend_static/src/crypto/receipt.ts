// A receipt: a C2SP tlog-proof text that an entry stands in the public record (docs/protocol.md section 14).
import { includes, leafHash } from "./merkle";
import { base64, type Checkpoint, cosignedAt, isSignedByLog, parseCheckpoint, type VerifierKey } from "./note";

export interface Receipt {
	entry: Uint8Array;
	index: number;
	path: Uint8Array[];
	checkpoint: Checkpoint;
}

/** Read a receipt; throws for any other form. */
export function parseReceipt(text: string): Receipt {
	const cut = text.indexOf("\n\n");
	const lines = text.slice(0, cut).split("\n");
	const extra = /^extra ([A-Za-z0-9+/]+={0,2})$/.exec(lines[1] ?? "")?.[1];
	const index = /^index (0|[1-9][0-9]{0,15})$/.exec(lines[2] ?? "")?.[1];
	if (cut < 0 || lines[0] !== "c2sp.org/tlog-proof@v1" || extra === undefined || index === undefined)
		throw new Error("not a receipt");
	const path = lines.slice(3).map(base64);
	if (path.some((hash) => hash.length !== 32) || path.length > 63) throw new Error("not a receipt");
	return { entry: base64(extra), index: Number(index), path, checkpoint: parseCheckpoint(text.slice(cut + 2)) };
}

/** Whether the log signed that it holds the entry; and which witnesses saw that head, and when. */
export function checkReceipt(
	receipt: Receipt,
	log: VerifierKey,
	witnesses: VerifierKey[],
): { logged: boolean; witnessed: Map<string, number> } {
	const { checkpoint, entry, index, path } = receipt;
	const inside = includes(leafHash(entry), index, checkpoint.size, path, checkpoint.root);
	return { logged: inside && isSignedByLog(checkpoint, log), witnessed: cosignedAt(checkpoint, witnesses) };
}
