// The public side of the key ceremony (docs/protocol.md section 4): is the joint key the one that the trustees made?
// What trustees do themselves is in dealing.ts.
import { b64u, h32, same, u32, unb64u } from "./bytes";
import { encode, type Json } from "./canonical";
import { hashToScalar, IDENTITY, type Point, readPoint, readScalar, sum, timesBasePublic, timesPublic } from "./group";

/** What a ceremony is bound to: the id of its setup, how many trustees there are, and how many open the ballots. */
export interface Setting {
	sid: Uint8Array;
	trustees: number;
	quorum: number;
}

/** The fields of an entry of the ceremony. */
export type Message = { [key: string]: Json };

/** h1: the hash over all `tk1` entries as logged, in the order of the trustees. */
export const transcript = (promises: Message[]): Uint8Array => h32("pb/tk1", ...promises.map(encode));

/** Check every `tk2` against its `tk1` and return all commitments; throws naming the trustee. */
export function checkDeals(setting: Setting, promises: Message[], deals: Message[]): Point[][] {
	if (promises.length !== setting.trustees || deals.length !== setting.trustees) throw new Error("messages missing");
	const h1 = transcript(promises);
	return deals.map((deal, at) => {
		const trustee = at + 1;
		const fail = (fault: string): never => {
			throw new Error(`trustee ${trustee}: ${fault}`);
		};
		const raw = strings(deal.c).map((text) => unb64u(text, 32));
		const commitments = raw.map(readPoint);
		const [challenge, answer] = strings(deal.pf).map((text) => readScalar(unb64u(text, 32)));
		const first = commitments[0];
		if (first === undefined || challenge === undefined || answer === undefined) return fail("another form");
		if (deal.j !== trustee || promises[at]?.j !== trustee) fail("another number");
		if (commitments.length !== setting.quorum) fail("not one commitment for each of the quorum");
		const sizes = strings(deal.sh).map((text) => unb64u(text).length);
		if (sizes.length !== setting.trustees || sizes.some((size, other) => size !== (other === at ? 0 : 80)))
			fail("not one sealed share for every other");
		if (b64u(h32("pb/tk", setting.sid, u32(trustee), ...raw)) !== promises[at]?.h) fail("commitments not promised");
		const known = timesBasePublic(answer).subtract(timesPublic(challenge, first));
		const parts = [setting.sid, u32(trustee), h1, first.toBytes(), known.toBytes()];
		if (hashToScalar("pb/tkpok", ...parts) !== challenge) fail("the proof of knowledge does not hold");
		return commitments;
	});
}

/** The joint key and every public share, from commitments alone. */
export function jointKey(commitments: Point[][]): { key: Point; shares: Point[] } {
	const key = sum(commitments.map((row) => row[0] ?? IDENTITY));
	const shares = commitments.map((_, at) => sum(commitments.map((row) => inTheExponent(row, BigInt(at + 1)))));
	if ([key, ...shares].some((point) => same(point.toBytes(), IDENTITY.toBytes()))) throw new Error("an empty key");
	return { key, shares };
}

/** The value at `at` of the polynomial that the commitments fix, times G. */
export function inTheExponent(commitments: Point[], at: bigint): Point {
	return commitments.reduceRight((value, commitment) => timesPublic(at, value).add(commitment), IDENTITY);
}

function strings(value: Json | undefined): string[] {
	if (!Array.isArray(value) || value.some((item) => typeof item !== "string")) throw new Error("another form");
	return value as string[];
}
