// The trustees' side of the key ceremony (docs/protocol.md section 4): polynomial, promise, sealed shares, own share.
// The offline tool is in Python; this is the second program for it. The program that voters load has no part of it.
import { b64u, frame, h32, u32, unb64u, utf8 } from "./bytes";
import type { Json } from "./canonical";
import { checkDeals, inTheExponent, type Message, type Setting, transcript } from "./ceremony";
import {
	hashToScalar,
	mod,
	ORDER,
	type Random,
	randomScalar,
	readScalar,
	scalarBytes,
	timesBase,
	timesBasePublic,
} from "./group";
import { openWith, publicHalf, sealTo } from "./hpke";

/** What one trustee keeps to herself until she has her share. */
export interface Secrets {
	coefficients: bigint[];
	receiving: Uint8Array;
}

export function draw(setting: Setting, random: Random): Secrets {
	const coefficients = Array.from({ length: setting.quorum }, () => randomScalar(random));
	return { coefficients, receiving: random(32) };
}

/** The fields of `tk1`: the key for receiving shares, and a hash that fixes the commitments unseen. */
export function promise(setting: Setting, trustee: number, secrets: Secrets): Message {
	const hash = h32("pb/tk", setting.sid, u32(trustee), ...commitments(secrets));
	return { j: trustee, x: b64u(publicHalf(secrets.receiving)), h: b64u(hash) };
}

/** The fields of `tk2`: commitments, proof of knowing the secret, and a sealed share for every other trustee. */
export function deal(
	setting: Setting,
	trustee: number,
	secrets: Secrets,
	promises: Message[],
	random: Random,
): Message {
	const h1 = transcript(promises);
	const known = commitments(secrets);
	const [secret = 0n] = secrets.coefficients;
	const nonce = randomScalar(random);
	const parts = [setting.sid, u32(trustee), h1, known[0] ?? new Uint8Array(), timesBase(nonce).toBytes()];
	const challenge = hashToScalar("pb/tkpok", ...parts);
	const shares = promises.map((message, at): Json => {
		const other = at + 1;
		if (other === trustee) return "";
		const share = scalarBytes(evaluate(secrets.coefficients, BigInt(other)));
		return b64u(sealTo(receiverOf(message), share, infoOf(setting, h1, trustee, other), random));
	});
	const proof = [challenge, mod(nonce + challenge * secret)].map((number) => b64u(scalarBytes(number)));
	return { j: trustee, c: known.map(b64u), pf: proof, sh: shares };
}

/** The trustee's share of the joint key and nobody, or 0 and the trustees whose sealed share was wrong. */
export function receive(
	setting: Setting,
	trustee: number,
	secrets: Secrets,
	promises: Message[],
	deals: Message[],
): { share: bigint; accused: number[] } {
	const all = checkDeals(setting, promises, deals);
	const h1 = transcript(promises);
	const accused: number[] = [];
	let share = evaluate(secrets.coefficients, BigInt(trustee));
	all.forEach((commitment, at) => {
		const other = at + 1;
		if (other === trustee) return;
		const shares = deals[at]?.sh as string[] | undefined;
		const sealed = unb64u(shares?.[trustee - 1] ?? "", 80);
		const part = opened(secrets, sealed, infoOf(setting, h1, other, trustee));
		const isRight = part !== undefined && timesBasePublic(part).equals(inTheExponent(commitment, BigInt(trustee)));
		if (isRight) share = mod(share + part);
		else accused.push(other);
	});
	return { share: accused.length > 0 ? 0n : share, accused };
}

/** The fields of `tk3`: the public half of the share, or nobody's and who is accused. */
export function acknowledge(trustee: number, share: bigint, accused: number[]): Message {
	return { j: trustee, y: accused.length > 0 ? "" : b64u(timesBase(share).toBytes()), bad: accused };
}

const commitments = (secrets: Secrets): Uint8Array[] =>
	secrets.coefficients.map((coefficient) => timesBase(coefficient).toBytes());

const receiverOf = (message: Message): Uint8Array => unb64u(String(message.x), 32);

const infoOf = (setting: Setting, h1: Uint8Array, sender: number, receiver: number): Uint8Array =>
	frame(utf8("pb/share"), setting.sid, h1, u32(sender), u32(receiver));

/** The scalar in a sealed share; undefined unless it was sealed for this place. */
function opened(secrets: Secrets, sealed: Uint8Array, info: Uint8Array): bigint | undefined {
	try {
		return readScalar(openWith(secrets.receiving, sealed, info));
	} catch {
		return undefined;
	}
}

function evaluate(coefficients: bigint[], at: bigint): bigint {
	return coefficients.reduceRight((value, coefficient) => (value * at + coefficient) % ORDER, 0n);
}
