// What the pages ask the server for. Nothing that is sent tells a choice.
import type { Contest } from "./check";

/** How a person may vote in a group, and what the record holds of her there. */
export interface Standing {
	group: string;
	alias: string;
	cls: string;
	contests: string[];
	base: number;
	/** Where she was identified without an account: the key that signs, and the hash of her token. */
	key?: string;
	h?: string;
	/** What stands in her name in this group, and in which of its contests. */
	stands: { kind: "none" | "envelope" | "paper"; contest?: string };
}

/** What became of a ballot that was sent. */
export type Answer =
	| { kind: "cast"; index: number; code: string; receipt: string }
	| { kind: "base"; base: number }
	| { kind: "later"; after: number }
	| { kind: "officers"; after: number }
	| { kind: "signed-out" }
	| { kind: "stale" }
	| { kind: "refused"; type: string };

/** Longer than any answer takes, shorter than people wait: then it is tried again. */
const PATIENCE_MS = 20_000;
/** Between two looks whether the officers of a desk have signed. */
const LOOK_SECONDS = 2;
/** Between two tries without a word from the server. */
const AGAIN_SECONDS = 4;

/** The contests of a round's vote, with projects and limits. Throws when they cannot be had. */
export async function contests(round: string): Promise<Contest[]> {
	const answer = await fetch(`/api/v1/rounds/${round}/booth`);
	if (!answer.ok) throw new Error("the contests cannot be had");
	return ((await answer.json()) as { contests: Contest[] }).contests;
}

/** My standings in a round; undefined when nobody is signed in. Throws when the server cannot be reached. */
export async function standings(round: string): Promise<Standing[] | undefined> {
	const answer = await fetch(`/api/v1/rounds/${round}/booth/me`, {
		cache: "no-store",
		signal: AbortSignal.timeout(PATIENCE_MS),
	});
	if (answer.status === 401) return undefined;
	if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
	return (await answer.json()) as Standing[];
}

/** Send a sealed ballot. The same one may be sent again: it is taken once. */
export async function send(round: string, fields: { [name: string]: unknown }, token: string): Promise<Answer> {
	let answer: Response;
	try {
		answer = await fetch(`/api/v1/rounds/${round}/cast`, {
			method: "POST",
			headers: { "content-type": "application/json", "x-csrf-token": token },
			body: JSON.stringify(fields),
			signal: AbortSignal.timeout(PATIENCE_MS),
		});
		return await read(answer);
	} catch {
		return { kind: "later", after: AGAIN_SECONDS };
	}
}

async function read(answer: Response): Promise<Answer> {
	const body = (await answer.json()) as { [name: string]: unknown };
	const type = String(body.type ?? "").replace(/^.*[/:#]/, "");
	if (answer.status === 200 || answer.status === 201)
		return { kind: "cast", index: Number(body.index), code: String(body.code), receipt: String(body.receipt) };
	if (answer.status === 202) return { kind: "officers", after: LOOK_SECONDS };
	if (type === "base") return { kind: "base", base: Number(body.base) };
	if (answer.status === 401) return { kind: "signed-out" };
	if (type === "stale-page") return { kind: "stale" };
	if (answer.status === 429 || answer.status >= 500)
		return { kind: "later", after: Number(answer.headers.get("retry-after")) || AGAIN_SECONDS };
	return { kind: "refused", type };
}

/** Tell the server something that says who votes; undefined when no answer came. A stale page gets a token anew. */
export async function tell(
	round: string,
	step: "code" | "desk" | "sign-in" | "leave",
	body: { [name: string]: unknown },
	token: string,
): Promise<{ ok: boolean; type: string; body: { [name: string]: unknown } } | undefined> {
	try {
		for (const current of [token, undefined]) {
			const answer = await fetch(`/api/v1/rounds/${round}/booth/${step}`, {
				method: "POST",
				headers: { "content-type": "application/json", "x-csrf-token": current ?? (await freshToken(location.href)) },
				body: JSON.stringify(body),
				signal: AbortSignal.timeout(PATIENCE_MS),
			});
			const said = (await answer.json()) as { [name: string]: unknown };
			const type = String(said.type ?? "").replace(/^.*[/:#]/, "");
			if (type !== "stale-page") return { ok: answer.ok, type, body: said };
		}
	} catch {
		// as if nobody had answered
	}
	return undefined;
}

/** The token that the server takes from this page: a fresh one, when it was made for another session. */
export async function freshToken(address: string): Promise<string> {
	const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
	const page = new DOMParser().parseFromString(await answer.text(), "text/html");
	return page.querySelector<HTMLElement>("[data-csrf]")?.dataset.csrf ?? "";
}
