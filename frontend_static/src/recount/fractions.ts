// Exact numbers: fractions of whole numbers of any size, and floats that surely lie below or above one.

export interface Fraction {
	/** Not in lowest terms; `q` is above 0. */
	p: bigint;
	q: bigint;
}

/** More than the rounding of one float operation, as a part of its result. */
export const EPS = 2 ** -52;

export function gcd(one: bigint, other: bigint): bigint {
	let [a, b] = [one < 0n ? -one : one, other];
	while (b !== 0n) [a, b] = [b, a % b];
	return a;
}

/** Negative, zero or positive, as `sort` takes it. */
export function order(one: Fraction, other: Fraction): number {
	const difference = one.p * other.q - other.p * one.q;
	return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** `p/q` in lowest terms with q > 1, or `p` (docs/schemas/bundle.md section 1). */
export function spell({ p, q }: Fraction): string {
	const shared = gcd(p, q);
	return q === shared ? String(p / shared) : `${p / shared}/${q / shared}`;
}

/** The fraction that a text spells. */
export function fraction(text: string): Fraction {
	const [p, q] = text.split("/");
	return { p: BigInt(p ?? ""), q: BigInt(q ?? 1) };
}

/** Two floats between which a fraction of at least 0 surely lies. */
export function between({ p, q }: Fraction): [number, number] {
	if (p === 0n) return [0, 0];
	const shift = Math.max(0, bits(q) - bits(p) + 64);
	const near = Number((p << BigInt(shift)) / q) / 2 ** Math.min(shift, 1000) / 2 ** Math.max(0, shift - 1000);
	return [near * (1 - 4 * EPS), near * (1 + 4 * EPS)];
}

const bits = (value: bigint): number => 4 * value.toString(16).length;
