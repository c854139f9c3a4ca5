// What can be wrong with a bundle, and where.

export type Check = "container" | "record" | "manifest" | "files" | "ballots";

/** The bundle is not what it must be: which check says so, at which member or part of one, and why. */
export class Wrong extends Error {
	constructor(
		readonly check: Check,
		readonly place: string,
		why: string,
	) {
		super(why);
	}
}

/** What a reader gives, or Wrong at that place if it throws. */
export function holds<Value>(check: Check, place: string, read: () => Value): Value {
	try {
		return read();
	} catch (error) {
		if (error instanceof Wrong) throw error;
		throw new Wrong(check, place, error instanceof Error ? error.message : "not readable");
	}
}
